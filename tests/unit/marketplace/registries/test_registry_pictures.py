"""The pages of registries in a browser: accessible, and no wider than a phone."""

from typing import Any

import pytest

from geminicrm.app import create_app
from tests.support.browser import assert_accessible, assert_no_sideways_scroll, serving
from tests.support.core import PASSWORD
from tests.support.far_registry import NAME, Crm
from tests.support.life import HELLO

PATHS = (
    "/operations/registries",
    "/operations/registries/add",
    f"/operations/registries/{NAME}/remove",
    f"/marketplace/from/{NAME}",
    f"/marketplace/from/{NAME}/{HELLO}",
)


@pytest.mark.browser
def test_every_page_of_registries(crm: Crm, browser_page: Any):
    with serving(create_app(core=crm.core)) as url:
        browser_page.goto(f"{url}/sign-in")
        browser_page.get_by_label("E-mail").fill(crm.tenant.email)
        browser_page.get_by_label("Password").fill(PASSWORD)
        browser_page.get_by_role("button", name="Sign in").click()
        for path in PATHS:
            browser_page.goto(f"{url}{path}")
            assert_accessible(browser_page)
            browser_page.emulate_media(color_scheme="dark")
            assert_accessible(browser_page)
            browser_page.emulate_media(color_scheme="light")
            assert_no_sideways_scroll(browser_page)
            browser_page.set_viewport_size({"width": 1280, "height": 860})
