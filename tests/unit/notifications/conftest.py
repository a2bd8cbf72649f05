"""Somebody who looks at notifications in a browser."""

import pytest
from flask import Flask

from geminicrm.app import Core
from geminicrm.identity.people import create_user
from tests.support.core import PASSWORD, Tenant
from tests.support.life_app import Browser


@pytest.fixture
def admin(app: Flask, tenant: Tenant) -> Browser:
    """The owner of the workspace."""
    return Browser(app.test_client(), tenant)


@pytest.fixture
def member(app: Flask, core: Core, tenant: Tenant) -> Browser:
    """Somebody who manages nothing."""
    with core.works.across_workspaces("a member for a test", write=True) as work:
        create_user(work, tenant.id, "member@north.example", "member", PASSWORD)
    return Browser(app.test_client(), Tenant(tenant.id, "", "member@north.example", tenant.token))
