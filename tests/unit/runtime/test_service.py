"""Plans and installs, with the executing side made up."""

import pytest

from geminicrm.app import Core
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import NotFound, ScopeMissing, ValidationFailed
from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.runtime.problems import (
    AlreadyInstalled,
    ConsentRequired,
    InstallFailed,
    NotInstalled,
    TrustRequired,
)
from tests.support.core import Tenant, make_tenant
from tests.support.life import ALL, HELLO, Life, files, make_life, offer, rows, wanted, zipped

SETTINGS = [
    {"id": "greeting", "type": "text", "label": "Greeting", "default": "Hi"},
    {"id": "api_key", "type": "password", "label": "API key", "required": True},
    {"id": "pin", "type": "password", "label": "PIN"},
]


def audited(life: Life, tenant: Tenant) -> list[str]:
    return [
        row.action for row in rows(life, tenant, AuditEntry) if row.action.startswith("extension.")
    ]


def test_an_install_is_stored_spread_audited_and_measured(life: Life, tenant: Tenant):
    before = life.core.generations.get(RUNTIME), life.core.generations.get(AUTH)
    change = life.cycle.install(tenant.owner(), ALL)
    assert change.live
    assert change.installation["granted"] == ["read:leads"]
    assert change.installation["status"] == "enabled"
    assert change.installation["isolation"] == "in-process"
    assert [each.step for each in change.steps] == [
        "fetch", "verify", "validate", "resolve", "stage", "requirements", "load", "mount",
    ]  # fmt: skip
    assert life.core.generations.get(RUNTIME) == before[0] + 1 == change.generation
    assert life.core.generations.get(AUTH) == before[1] + 1
    assert audited(life, tenant) == ["extension.installed"]
    assert life.folders() == [change.installation["digest"].removeprefix("sha256:")]
    assert ("install", "ok") in life.meter.seen
    assert ("install.stage", "ok") in life.meter.seen
    assert life.runner.calls == ["probe", "load", "install"]


def test_a_slow_worker_is_told_of(life: Life, tenant: Tenant):
    life.live.answer = False
    change = life.cycle.install(tenant.owner(), ALL)
    assert not change.live
    assert change.installation["live"] is False


def test_warnings_are_kept_in_the_answer(life: Life, tenant: Tenant):
    content = files()
    del content["README.md"]
    life.shelf.put(zipped(content))
    assert "README" in life.cycle.install(tenant.owner(), ALL).warnings[0]


def test_a_plan_changes_nothing_and_says_it_all(life: Life, tenant: Tenant):
    offer(
        life,
        optional_permissions=["write:deals"],
        permission_reasons={"read:leads": "To greet them."},
        network=[{"host": "api.example.com", "reason": "Sends greetings."}],
        events=["lead.created"],
        hooks=["on_event", "before_record_save"],
        ui={
            "dashboard_widgets": [{"id": "w", "title": "Greetings"}],
            "record_panels": [{"id": "p", "title": "Greet", "record": "lead"}],
            "record_actions": [{"id": "a", "title": "Wave", "record": "lead"}],
            "pages": [{"id": "home", "title": "Home"}],
        },
        settings=SETTINGS,
    )
    plan = life.cycle.plan(tenant.owner(), HELLO)
    assert [(line.scope, line.reason) for line in plan.scopes] == [("read:leads", "To greet them.")]
    assert [line.scope for line in plan.optional_scopes] == ["write:deals"]
    assert plan.network[0].host == "api.example.com"
    assert plan.required_settings == ("API key",)
    assert [one.kind for one in plan.ui] == [
        "dashboard widget", "record panel", "record action", "page",
    ]  # fmt: skip
    assert [sentence for _, sentence, _ in plan.background()] == [
        "Run when something happens", "Check changes before they are saved",
    ]  # fmt: skip
    assert not plan.trust_required
    assert rows(life, tenant) == []
    assert life.folders() == []
    assert plan.to_dict()["routes"] == "/api/extensions/hello-world/"


def test_consent_is_never_implied(life: Life, tenant: Tenant):
    with pytest.raises(ConsentRequired) as caught:
        life.cycle.install(tenant.owner(), wanted(grant=None))
    assert caught.value.extra["plan"]["scopes"][0]["scope"] == "read:leads"
    assert caught.value.status == 409
    assert rows(life, tenant) == []
    assert ("install", "consent_required") in life.meter.seen


def test_a_grant_is_neither_wider_nor_narrower_than_asked(life: Life, tenant: Tenant):
    with pytest.raises(ValidationFailed) as caught:
        life.cycle.install(tenant.owner(), wanted(grant=["write:deals"]))
    assert [(found.pointer, found.code) for found in caught.value.findings] == [
        ("/grant/0", "not_asked"),
        ("/grant", "needed_scope"),
    ]
    assert "'read:leads'" in caught.value.detail


def test_optional_scopes_are_granted_where_named(life: Life, tenant: Tenant):
    offer(life, optional_permissions=["write:deals", "read:deals"])
    change = life.cycle.install(tenant.owner(), wanted(grant=["read:leads", "write:deals"]))
    assert change.installation["granted"] == ["read:leads", "write:deals"]


def test_nobody_grants_what_they_have_not_got(life: Life, tenant: Tenant):
    actor = tenant.owner("manage:extensions", "read:extensions")
    with pytest.raises(ScopeMissing) as caught:
        life.cycle.install(actor, ALL)
    assert caught.value.scope == "read:leads"


def test_every_change_needs_the_scope(life: Life, tenant: Tenant):
    member = tenant.owner("read:extensions", "read:leads")
    changes = (
        lambda: life.cycle.plan(member, HELLO),
        lambda: life.cycle.install(member, ALL),
        lambda: life.cycle.configure(member, HELLO, {}),
        lambda: life.cycle.enable(member, HELLO),
        lambda: life.cycle.disable(member, HELLO),
        lambda: life.cycle.uninstall(member, HELLO),
    )
    for change in changes:
        with pytest.raises(ScopeMissing, match="manage:extensions"):
            change()
    stranger = tenant.owner("read:leads")
    for look in (
        lambda: life.cycle.get(stranger, HELLO),
        lambda: life.cycle.list(stranger),
        lambda: life.cycle.inventory.permissions(stranger, HELLO),
        lambda: life.cycle.inventory.manifest(stranger, HELLO),
    ):
        with pytest.raises(ScopeMissing, match="read:extensions"):
            look()


@pytest.mark.parametrize("typed", [None, "", "hello", "Hello-World", "hello-world "])
def test_third_party_code_needs_its_id_typed_exactly(life: Life, tenant: Tenant, typed: str | None):
    life.shelf.put(zipped(files()), built_in=False, signed=True)
    with pytest.raises(TrustRequired) as caught:
        life.cycle.install(tenant.owner(), wanted(trust=typed))
    assert '"trust": "hello-world"' in caught.value.detail
    assert caught.value.extra["plan"]["trust_required"] is True
    assert rows(life, tenant) == []


def test_trusted_code_is_shown_as_unsandboxed(life: Life, tenant: Tenant):
    life.shelf.put(zipped(files()), built_in=False, signed=True)
    change = life.cycle.install(tenant.owner(), wanted(trust=HELLO))
    assert change.installation["isolation"] == "unsandboxed"
    assert change.installation["trusted"] is True
    (entry,) = (row for row in rows(life, tenant, AuditEntry) if row.subject == HELLO)
    assert entry.changes["trusted"] is True


def test_unsigned_code_is_let_in_one_by_one(life: Life, tenant: Tenant):
    life.shelf.put(zipped(files()), built_in=False)
    with pytest.raises(InstallFailed, match="not signed") as caught:
        life.cycle.install(tenant.owner(), wanted(trust=HELLO))
    assert caught.value.step == "fetch"
    assert life.cycle.install(tenant.owner(), wanted(trust=HELLO, allow_unsigned=True)).live


def test_an_operator_may_allow_unsigned_code(core: Core, tenant: Tenant):
    life = make_life(core, allow_unsigned=True)
    life.shelf.put(zipped(files()), built_in=False)
    assert not life.cycle.plan(tenant.owner(), HELLO).signed
    assert life.cycle.install(tenant.owner(), wanted(trust=HELLO)).live


def test_an_extension_is_installed_once(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    with pytest.raises(AlreadyInstalled):
        life.cycle.install(tenant.owner(), ALL)
    assert len(rows(life, tenant)) == 1


def test_workspaces_install_for_themselves(life: Life, tenant: Tenant):
    other = make_tenant(life.core, "south")
    life.cycle.install(tenant.owner(), ALL)
    assert life.cycle.list(other.owner()) == []
    with pytest.raises(NotInstalled):
        life.cycle.get(other.owner(), HELLO)
    life.cycle.install(other.owner(), ALL)
    assert len(life.folders()) == 1


def test_unknown_extensions_are_not_found(life: Life, tenant: Tenant):
    with pytest.raises(NotFound):
        life.cycle.install(tenant.owner(), wanted(extension_id="nobody"))
    with pytest.raises(NotInstalled, match="nobody"):
        life.cycle.get(tenant.owner(), "nobody")
