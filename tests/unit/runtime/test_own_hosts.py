"""An extension that would grant itself a host, through every way that it has."""

from typing import Any

import pytest

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.runtime.install.drafting import Draft, Outcome
from geminicrm.runtime.models import KeptSettings
from geminicrm.runtime.runner import DraftSource
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, offer, rows

SETTINGS = [
    {"id": "url", "type": "url", "label": "Address"},
    {"id": "word", "type": "text", "label": "Word"},
]
NETWORK = [{"setting": "url", "reason": "Yours."}]
EVIL = {"url": "https://evil.example"}
GOOD = {"url": "https://good.example"}


@pytest.fixture
def calling(life: Life, tenant: Tenant) -> Life:
    """It is installed and may call the host that an admin saves."""
    offer(life, settings=SETTINGS, network=NETWORK)
    life.cycle.install(tenant.owner(), ALL)
    return life


def settings(life: Life, tenant: Tenant) -> dict[str, Any]:
    (row,) = rows(life, tenant)
    return dict(row.settings)


def test_it_cannot_save_one(calling: Life, tenant: Tenant):
    with pytest.raises(ValidationFailed, match="only an admin can change it"):
        calling.cycle.save_settings(tenant.owner(), HELLO, {**EVIL, "word": "x"})
    assert settings(calling, tenant) == {}


def test_it_cannot_change_or_forget_what_an_admin_saved(calling: Life, tenant: Tenant):
    calling.cycle.configure(tenant.owner(), HELLO, GOOD)
    for change in (EVIL, {"url": None}):
        with pytest.raises(ValidationFailed):
            calling.cycle.save_settings(tenant.owner(), HELLO, change)
    calling.cycle.save_settings(tenant.owner(), HELLO, {**GOOD, "word": "x"})
    assert settings(calling, tenant) == {**GOOD, "word": "x"}


def test_it_cannot_save_one_while_it_is_installed(life: Life, tenant: Tenant):
    refused: list[str] = []

    def install(_actor: object, draft: Draft) -> Outcome:
        source = DraftSource(draft.manifest, draft.settings)
        with pytest.raises(ValidationFailed) as caught:
            source.save(EVIL)
        refused.append(caught.value.findings[0].code)
        source.save({"word": "x"})
        return Outcome()

    life.runner.installing = install
    offer(life, settings=SETTINGS, network=NETWORK)
    life.cycle.install(tenant.owner(), ALL)
    assert (refused, settings(life, tenant)) == (["admin_only"], {"word": "x"})


def test_what_an_admin_saved_comes_back(calling: Life, tenant: Tenant):
    calling.cycle.configure(tenant.owner(), HELLO, GOOD)
    calling.cycle.uninstall(tenant.owner(), HELLO)
    assert rows(calling, tenant, KeptSettings)[0].host_settings == ["url"]
    calling.cycle.install(tenant.owner(), ALL)
    assert settings(calling, tenant) == GOOD


def test_a_later_version_cannot_make_a_host_of_what_it_saved(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.save_settings(tenant.owner(), HELLO, {**EVIL, "word": "x"})
    life.cycle.uninstall(tenant.owner(), HELLO)
    offer(life, settings=SETTINGS, network=NETWORK)
    life.cycle.install(tenant.owner(), ALL)
    assert settings(life, tenant) == {"word": "x"}
