"""What a registry has stopped runs nowhere, whichever of order and install was first."""

import pytest
from sqlalchemy import select

from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.generation import RUNTIME
from geminicrm.runtime.models import EMBEDDED
from geminicrm.runtime.quarantine import Kill, VersionStopped, kills_in
from tests.support.core import make_tenant
from tests.support.life import ALL, HELLO, change_row, files, make_life, rows, wanted, zipped

KILL = Kill(extension_id=HELLO, affected="<1.1.0", reason="It steals tokens.")


@pytest.fixture
def orders():
    """Give the orders in force; a test adds to them."""
    return []


@pytest.fixture
def stopping(both_cores, orders):
    """Give a life cycle whose registry gives these orders."""
    life = make_life(both_cores, kills=lambda _registry_id: orders)
    life.shelf.put(zipped(files()))
    return life


@pytest.fixture
def north(stopping):
    return make_tenant(stopping.core, "north")


def test_every_enabled_installation_in_every_workspace_is_stopped(stopping, orders, north):
    south, east = make_tenant(stopping.core, "south"), make_tenant(stopping.core, "east")
    for tenant in (north, south, east):
        stopping.cycle.install(tenant.owner(), ALL)
    stopping.cycle.disable(east.owner(), HELLO)
    before = stopping.core.generations.get(RUNTIME)
    orders.append(KILL)

    stopped = stopping.cycle.quarantine.apply(EMBEDDED)

    found = [rows(stopping, tenant)[0] for tenant in (north, south, east)]
    assert sorted(stopped) == sorted(row.id for row in found[:2])
    assert [(row.status, row.enabled) for row in found] == [
        ("quarantined", False),
        ("quarantined", False),
        ("disabled", False),
    ]
    assert found[0].error == "Stopped by its registry: It steals tokens."
    assert stopping.core.generations.get(RUNTIME) > before
    assert stopping.cycle.quarantine.apply(EMBEDDED) == []


def test_it_is_audited_in_the_workspace_it_happens_in(stopping, orders, north):
    stopping.cycle.install(north.owner(), ALL)
    orders.append(KILL)
    stopping.cycle.quarantine.sweep()

    with stopping.core.works.read(north.system()) as work:
        done = select(AuditEntry).where(AuditEntry.action == "extension.quarantined")
        [entry] = work.session.scalars(done)
    assert entry.workspace_id == north.id
    assert entry.changes == {
        "version": "1.0.0",
        "affected": "<1.1.0",
        "reason": "It steals tokens.",
    }


def test_other_registries_and_versions_run_on(stopping, orders, north):
    stopping.cycle.install(north.owner(), ALL)
    change_row(stopping, north, registry_id="reg_other")
    orders.append(KILL)

    assert stopping.cycle.quarantine.apply(EMBEDDED) == []
    assert (
        stopping.cycle.quarantine.apply("reg_other", [Kill(**{**facts(), "affected": "2"})]) == []
    )
    stopping.cycle.quarantine.take_notice("reg_other", {"kills": [facts()]})
    assert rows(stopping, north)[0].status == "quarantined"


def facts() -> dict[str, str]:
    return {"extension_id": HELLO, "affected": "*", "reason": "Because."}


def test_it_can_not_be_installed_or_switched_on(stopping, orders, north):
    stopping.cycle.install(north.owner(), ALL)
    orders.append(KILL)
    stopping.cycle.quarantine.sweep()

    with pytest.raises(VersionStopped, match="Upgrade to one that is not among them"):
        stopping.cycle.enable(north.owner(), HELLO)
    stopping.cycle.uninstall(north.owner(), HELLO)
    with pytest.raises(VersionStopped):
        stopping.cycle.install(north.owner(), ALL)
    assert rows(stopping, north) == []


def test_lifting_lets_admins_switch_it_on_and_does_not_do_it(stopping, orders, north):
    stopping.cycle.install(north.owner(), ALL)
    orders.append(KILL)
    stopping.cycle.quarantine.sweep()
    orders.clear()

    stopping.cycle.quarantine.sweep()
    assert rows(stopping, north)[0].enabled is False
    assert stopping.cycle.enable(north.owner(), HELLO).installation["status"] == "enabled"


def test_an_upgrade_out_of_the_range_switches_it_on_again(stopping, orders, north):
    stopping.cycle.install(north.owner(), ALL)
    orders.append(KILL)
    stopping.cycle.quarantine.sweep()
    stopping.shelf.put(zipped(files(version="1.1.0")), version="1.1.0")

    change = stopping.cycle.upgrades.upgrade(north.owner(), wanted())

    shown = change.installation
    assert (shown["version"], shown["status"], shown["enabled"]) == ("1.1.0", "enabled", True)
    with pytest.raises(VersionStopped):
        stopping.cycle.upgrades.rollback(north.owner(), HELLO, "1.0.0")


def test_an_order_that_comes_while_it_is_installed_stops_it(stopping, orders, north):
    def install(_actor, _draft):
        orders.append(KILL)
        return stopping.runner.outcome

    stopping.runner.outcome = stopping.runner.installing(None, None)
    stopping.runner.installing = install

    assert stopping.cycle.install(north.owner(), ALL).installation["status"] == "quarantined"


def test_reasons_become_sentences_and_have_an_end():
    [short, none, long] = kills_in(
        {
            "kills": [
                {"extension_id": "a", "affected": "*", "reason": "It\n steals"},
                {"extension_id": "a", "affected": "*"},
                {"extension_id": "a", "affected": "*", "reason": "x" * 5_000},
            ]
        }
    )
    assert short.reason == "It steals."
    assert none.reason == "No reason was given."
    assert len(long.reason) == 501
