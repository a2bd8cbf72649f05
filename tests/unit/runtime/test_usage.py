"""The ledger as it is read: by scope and by host, with the day of last use."""

from typing import Any

import pytest

from geminicrm.kernel.clock import FixedClock
from geminicrm.runtime.ledger import Ledger
from geminicrm.runtime.usage import UNUSED_DAYS
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, change_row, offer

DAY = 24 * 3600.0
NETWORK = [
    {"host": "*.example.com", "reason": "Its service."},
    {"setting": "url", "reason": "Your own."},
    {"setting": "later", "reason": "Another."},
]
ADDRESSES = [
    {"id": "url", "type": "url", "label": "Address"},
    {"id": "later", "type": "url", "label": "Another address"},
]


def permissions(life: Life, tenant: Tenant) -> dict[str, Any]:
    return life.cycle.inventory.permissions(tenant.owner(), HELLO)


def test_scopes_have_the_day_of_their_last_use(life: Life, tenant: Tenant, clock: FixedClock):
    offer(life, permissions=["read:leads", "write:leads"], optional_permissions=["read:deals"])
    one = life.cycle.install(tenant.owner(), ALL).installation["id"]
    ledger = Ledger(life.core.works)
    ledger.count(tenant.id, one, "read:leads", allowed=True)
    ledger.count(tenant.id, one, "read:users", allowed=False)
    ledger.flush()
    clock.advance(DAY)
    ledger.count(tenant.id, one, "read:leads", allowed=False)
    ledger.flush()

    lines = {line["scope"]: line for line in permissions(life, tenant)["data"]}
    assert list(lines) == ["read:leads", "write:leads", "read:deals", "read:users"]
    used = lines["read:leads"]
    assert (used["used"], used["refused"]) == (1, 1)
    assert (used["last_used_on"], used["last_refused_on"]) == ("2026-11-21", "2026-11-22")
    assert used["last_used_at"] == "2026-11-21T09:00:00.000000Z"
    assert (lines["read:users"]["asked"], lines["read:users"]["granted"]) == (False, False)
    assert lines["read:users"]["last_used_on"] is None
    assert {line["unused"] for line in lines.values()} == {False}


def test_what_was_not_used_for_a_month_is_marked(life: Life, tenant: Tenant, clock: FixedClock):
    offer(
        life,
        permissions=["read:leads", "write:leads", "read:users"],
        optional_permissions=["read:deals"],
        network=NETWORK[:1],
    )
    one = life.cycle.install(tenant.owner(), ALL).installation["id"]
    ledger = Ledger(life.core.works)
    ledger.count(tenant.id, one, "read:leads", allowed=True)
    ledger.flush()
    clock.advance(UNUSED_DAYS * DAY)
    ledger.count(tenant.id, one, "write:leads", allowed=True)
    ledger.flush()

    found = permissions(life, tenant)
    assert {line["scope"]: line["unused"] for line in found["data"]} == {
        "read:leads": True,
        "write:leads": False,
        "read:users": True,
        "read:deals": False,
    }
    assert [line["unused"] for line in found["hosts"]] == [True]
    assert found["unused_after_days"] == UNUSED_DAYS


def test_hosts_of_manifest_and_settings_and_what_else_was_tried(life: Life, tenant: Tenant):
    offer(life, network=NETWORK, settings=ADDRESSES)
    one = life.cycle.install(tenant.owner(), ALL).installation["id"]
    life.cycle.configure(tenant.owner(), HELLO, {"url": "https://crm.example.org/path"})
    ledger = Ledger(life.core.works)
    ledger.count_host(tenant.id, one, "*.example.com", allowed=True)
    ledger.count_host(tenant.id, one, "crm.example.org", allowed=True)
    ledger.count_host(tenant.id, one, "evil.example", allowed=False)
    ledger.flush()

    lines = permissions(life, tenant)["hosts"]
    facts = ("host", "setting", "asked", "granted", "used")
    assert [tuple(line[name] for name in facts) for line in lines] == [
        ("*.example.com", None, True, True, 1),
        ("crm.example.org", "url", True, True, 1),
        (None, "later", True, False, 0),
        ("evil.example", None, False, False, 0),
    ]  # fmt: skip
    assert lines[3]["refused"] == 1
    assert lines[0]["last_used_on"] == "2026-11-21"
    assert lines[0]["reason"] == "Its service."


@pytest.mark.parametrize(
    ("row", "isolation", "by"),
    [
        ({"built_in": True}, "in-process", "core"),
        ({"built_in": False, "trusted": False}, "sandboxed", "system"),
        ({"built_in": False, "trusted": True}, "unsandboxed", "nobody"),
    ],
)
def test_every_line_says_who_enforces_it(
    life: Life, tenant: Tenant, row: dict[str, Any], isolation: str, by: str
):
    offer(life, network=NETWORK[:1])
    life.cycle.install(tenant.owner(), ALL)
    change_row(life, tenant, **row)
    one = life.cycle.get(tenant.owner(), HELLO)
    found = permissions(life, tenant)
    assert found["isolation"] == one["isolation"] == isolation
    assert {line["enforced_by"] for line in (*found["data"], *found["hosts"])} == {by}
    assert found["enforcement"] == one["enforcement"]
