"""Installations of what a workspace has published itself."""

from collections.abc import Callable
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.kernel.ids import new_id
from geminicrm.runtime.history.past import remember
from geminicrm.runtime.models import EMBEDDED, Installation
from tests.support.core import START, Tenant

ID = "deal-insights"


def installs(core: Core, tenant: Tenant, version: str = "1.0.0", **facts: Any) -> str:
    """Store an installation of what the workspace has published, bound to where it came from."""
    row = Installation(
        id=new_id("inst"), extension_id=ID, version=version, digest="sha256:0", manifest={},
        granted=[], settings={}, hooks=None, level=None, trusted=False, built_in=False,
        registry_id=facts.pop("registry_id", EMBEDDED), publisher_id=tenant.id, created_at=START,
        updated_at=START, **facts,
    )  # fmt: skip
    with core.works.write(tenant.system()) as work:
        work.session.add(row)
        work.session.flush()
        remember(work, row)
    return row.id


@pytest.fixture(name="installs")
def installs_of_tenant(core: Core, tenant: Tenant) -> Callable[[], str]:
    """Give a function that installs in the tenant's workspace and gives the id."""
    return lambda: installs(core, tenant)
