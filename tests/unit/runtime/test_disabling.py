"""Disabling always works, whatever state the extension is in; so does uninstalling."""

import shutil

import pytest
from cryptography.fernet import Fernet

from geminicrm.runtime.failures import ExtensionTimeout
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, change_row, rows

SEALED = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()


def hangs(_actor, draft):
    raise ExtensionTimeout(draft.extension_id, "uninstall", 1.0)


def gone(life: Life, tenant: Tenant) -> None:
    shutil.rmtree(life.packages / life.folders()[0])


def hang(life: Life, _tenant: Tenant) -> None:
    life.runner.uninstalling = hangs


def damage(life: Life, tenant: Tenant) -> None:
    change_row(life, tenant, manifest={"id": HELLO, "requires": 7})


def lose(life: Life, tenant: Tenant) -> None:
    change_row(life, tenant, secrets=SEALED)


@pytest.fixture(params=[hang, gone, damage, lose], ids=["hangs", "gone", "damaged", "key lost"])
def broken(request, life: Life, tenant: Tenant) -> Life:
    """Give an installed extension with something wrong about it."""
    life.cycle.install(tenant.owner(), ALL)
    request.param(life, tenant)
    return life


def test_it_is_disabled(broken: Life, tenant: Tenant):
    change = broken.cycle.disable(tenant.owner(), HELLO)

    assert change.installation["enabled"] is False
    (row,) = rows(broken, tenant)
    assert (row.enabled, row.status) == (False, "disabled")


def test_it_is_still_listed(broken: Life, tenant: Tenant):
    (shown,) = broken.cycle.list(tenant.owner())

    assert shown["extension_id"] == HELLO
    assert broken.cycle.inventory.manifest(tenant.owner(), HELLO).id == HELLO


def test_it_is_uninstalled(broken: Life, tenant: Tenant):
    removed = broken.cycle.uninstall(tenant.owner(), HELLO)

    assert removed.extension_id == HELLO
    assert rows(broken, tenant) == []


def test_one_with_a_damaged_manifest_keeps_nobody_else_from_being_disabled(
    life: Life, tenant: Tenant
):
    life.cycle.install(tenant.owner(), ALL)
    change_row(life, tenant, extension_id="damaged-one", manifest={"id": "damaged-one"})
    life.cycle.install(tenant.owner(), ALL)

    assert life.cycle.disable(tenant.owner(), HELLO).installation["status"] == "disabled"
