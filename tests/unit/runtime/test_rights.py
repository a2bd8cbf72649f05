"""Trust, and what is granted after the install."""

from collections.abc import Callable
from typing import Any

import pytest

from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import NotFound, ScopeMissing, ValidationFailed
from geminicrm.kernel.generation import RUNTIME
from geminicrm.runtime.problems import NotInstalled, NoTrustNeeded, TrustNotTyped
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, change_row, files, offer, rows, wanted, zipped


def entries(life: Life, tenant: Tenant) -> list[tuple[str, Any]]:
    found = [(row.action, row.changes) for row in rows(life, tenant, AuditEntry)]
    return [each for each in found if each[0].startswith("extension.")][1:]


@pytest.fixture
def stranger(life: Life, tenant: Tenant) -> str:
    """Something from elsewhere is installed, and not trusted."""
    life.shelf.put(zipped(files()), built_in=False, signed=True)
    life.cycle.install(tenant.owner(), wanted(trust=HELLO))
    change_row(life, tenant, trusted=False)
    return HELLO


def test_trust_needs_the_id_typed_and_is_told_everywhere(life: Life, tenant: Tenant, stranger: str):
    before = life.core.generations.get(RUNTIME)
    change_row(life, tenant, level={"landlock": "on (ABI 7)"})
    change = life.cycle.trust(tenant.owner(), stranger, stranger)
    assert change.generation == before + 1
    assert change.installation["level"] is None
    assert (change.installation["trusted"], change.installation["isolation"]) == (
        True, "unsandboxed",
    )  # fmt: skip
    again = life.cycle.distrust(tenant.owner(), stranger)
    assert again.generation == before + 2
    assert (again.installation["trusted"], again.installation["isolation"]) == (
        False, "sandboxed",
    )  # fmt: skip
    assert entries(life, tenant) == [
        ("extension.trusted", {"trusted": True, "version": "1.0.0"}),
        ("extension.distrusted", {"trusted": False, "version": "1.0.0"}),
    ]


@pytest.mark.parametrize("typed", [None, "", "hello", "Hello-World", "hello-world "])
def test_a_wrong_word_trusts_nobody(life: Life, tenant: Tenant, stranger: str, typed: str | None):
    with pytest.raises(TrustNotTyped, match='"trust": "hello-world"') as caught:
        life.cycle.trust(tenant.owner(), stranger, typed)
    assert "with the rights of the server" in caught.value.detail
    assert entries(life, tenant) == []
    assert life.cycle.get(tenant.owner(), stranger)["trusted"] is False


def test_trusting_twice_is_written_down_once(life: Life, tenant: Tenant, stranger: str):
    life.cycle.trust(tenant.owner(), stranger, stranger)
    life.cycle.trust(tenant.owner(), stranger, stranger)
    assert len(entries(life, tenant)) == 1


def test_what_came_with_the_crm_is_not_a_matter_of_trust(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    for change in (
        lambda: life.cycle.trust(tenant.owner(), HELLO, HELLO),
        lambda: life.cycle.distrust(tenant.owner(), HELLO),
    ):
        with pytest.raises(NoTrustNeeded, match="came with the CRM"):
            change()


@pytest.mark.parametrize(("enabled", "status"), [(True, "enabled"), (False, "failed")])
def test_one_that_could_not_run_is_tried_anew_if_it_is_switched_on(
    life: Life,
    tenant: Tenant,
    stranger: str,
    enabled: bool,  # noqa: FBT001 - a column of the table above
    status: str,
):
    change_row(life, tenant, status="failed", error="no Landlock here", enabled=enabled)
    change = life.cycle.trust(tenant.owner(), stranger, stranger)
    assert change.installation["status"] == status
    assert (change.installation["error"] is None) is enabled


@pytest.fixture
def granted(life: Life, tenant: Tenant) -> str:
    """One that needs two permissions and would like a third."""
    offer(life, permissions=["read:leads", "write:leads"], optional_permissions=["read:deals"])
    life.cycle.install(tenant.owner(), ALL)
    return HELLO


def test_the_grant_is_set_as_a_whole(life: Life, tenant: Tenant, granted: str):
    change = life.cycle.set_grant(tenant.owner(), granted, ["read:deals", "read:leads"])
    assert change.installation["granted"] == ["read:deals", "read:leads"]
    assert entries(life, tenant) == [
        (
            "extension.permissions",
            {"before": ["read:leads", "write:leads"], "after": ["read:deals", "read:leads"]},
        )
    ]
    assert life.cycle.set_grant(tenant.owner(), granted, []).installation["granted"] == []


def test_what_it_does_not_ask_for_is_not_granted(life: Life, tenant: Tenant, granted: str):
    with pytest.raises(ValidationFailed) as caught:
        life.cycle.set_grant(tenant.owner(), granted, ["read:leads", "write:deals", "x"])
    assert [(found.pointer, found.code) for found in caught.value.findings] == [
        ("/granted/1", "not_asked"),
        ("/granted/2", "not_asked"),
    ]
    for change in ({"give": ["write:deals"]}, {"remove": ["write:deals"]}):
        with pytest.raises(NotFound, match="hello-world asks for 'write:deals'"):
            life.cycle.change_grant(tenant.owner(), granted, **change)


def test_single_permissions_are_taken_and_given_back(life: Life, tenant: Tenant, granted: str):
    def change(**named: list[str]) -> list[str]:
        answer = life.cycle.change_grant(tenant.owner(), granted, **named)
        return list(answer.installation["granted"])

    assert change(remove=["write:leads"]) == ["read:leads"]
    assert change(remove=["write:leads"]) == ["read:leads"]
    assert change(give=["write:leads", "read:deals"], remove=["read:leads"]) == [
        "read:deals",
        "write:leads",
    ]
    assert change(give=["read:leads"], remove=["read:leads"]) == ["read:deals", "write:leads"]
    assert len(entries(life, tenant)) == 2, "what changes nothing is no entry"


def test_only_what_one_has_is_given(life: Life, tenant: Tenant, granted: str):
    admin = tenant.owner("manage:extensions", "read:extensions", "read:leads")
    life.cycle.change_grant(admin, granted, remove=["write:leads", "read:leads"])
    life.cycle.change_grant(admin, granted, give=["read:leads"])
    for change in (
        lambda: life.cycle.change_grant(admin, granted, give=["write:leads"]),
        lambda: life.cycle.set_grant(admin, granted, ["read:leads", "write:leads"]),
    ):
        with pytest.raises(ScopeMissing, match="write:leads"):
            change()


CHANGES: list[Callable[[Life, Any], Any]] = [
    lambda life, actor: life.cycle.trust(actor, HELLO, HELLO),
    lambda life, actor: life.cycle.distrust(actor, HELLO),
    lambda life, actor: life.cycle.set_grant(actor, HELLO, []),
    lambda life, actor: life.cycle.change_grant(actor, HELLO, remove=["read:leads"]),
]


@pytest.mark.parametrize("change", CHANGES, ids=["trust", "distrust", "set", "change"])
def test_every_change_needs_the_scope_and_an_installation(
    life: Life, tenant: Tenant, change: Callable[[Life, Any], Any]
):
    with pytest.raises(NotInstalled):
        change(life, tenant.owner())
    with pytest.raises(ScopeMissing, match="manage:extensions"):
        change(life, tenant.owner("read:extensions", "read:leads"))
