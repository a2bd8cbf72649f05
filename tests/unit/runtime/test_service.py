"""The life of an installation, with the executing side made up."""

from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.errors import Conflict, NotFound, ScopeMissing, ValidationFailed
from geminicrm.kernel.generation import AUTH, RUNTIME
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.install.state import Draft, Outcome
from geminicrm.runtime.models import Installation, KeptSettings
from geminicrm.runtime.problems import (
    AlreadyInstalled,
    ConsentRequired,
    InstallFailed,
    NotInstalled,
    StillNeeded,
    TrustRequired,
)
from tests.support.core import Tenant, make_tenant
from tests.support.life import HELLO, FakeRunner, Life, files, zipped

SETTINGS = [
    {"id": "greeting", "type": "text", "label": "Greeting", "default": "Hi"},
    {"id": "api_key", "type": "password", "label": "API key", "required": True},
    {"id": "pin", "type": "password", "label": "PIN"},
]
ALL = InstallRequest(extension_id=HELLO, grant="requested")


def wanted(**changes: Any) -> InstallRequest:
    return InstallRequest(**{"extension_id": HELLO, "grant": "requested", **changes})


def rows(life: Life, tenant: Tenant, model: type[Any] = Installation) -> list[Any]:
    with life.core.works.read(tenant.system()) as work:
        return list(work.session.scalars(select(model)))


def audited(life: Life, tenant: Tenant) -> list[str]:
    return [
        row.action for row in rows(life, tenant, AuditEntry) if row.action.startswith("extension.")
    ]


def offer(life: Life, **changes: Any) -> None:
    life.shelf.put(zipped(files(**changes)))


def test_an_install_is_stored_spread_audited_and_measured(life: Life, tenant: Tenant):
    before = life.core.generations.get(RUNTIME), life.core.generations.get(AUTH)
    change = life.cycle.install(tenant.owner(), ALL)
    assert change.live
    assert change.installation["granted"] == ["read:leads"]
    assert change.installation["status"] == "enabled"
    assert change.installation["isolation"] == "in-process"
    assert [each.step for each in change.steps] == [
        "fetch", "verify", "validate", "resolve", "stage", "load", "mount",
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


def test_an_operator_may_allow_unsigned_code(life: Life, tenant: Tenant):
    life.shelf.put(zipped(files()), built_in=False)
    life.cycle.allow_unsigned = True
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


def test_settings_are_checked_and_secrets_never_come_back(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    change = life.cycle.install(tenant.owner(), ALL)
    assert change.installation["missing_settings"] == ["api_key"]
    saved = life.cycle.configure(tenant.owner(), HELLO, {"api_key": "s3cret", "greeting": "Ho"})
    assert saved.installation["settings"] == {"greeting": "Ho", "api_key": None, "pin": None}
    assert saved.installation["secrets_set"] == ["api_key"]
    assert saved.installation["missing_settings"] == []
    assert saved.installation["revision"] == 2
    (row,) = rows(life, tenant)
    assert "s3cret" not in row.secrets
    (entry,) = (
        one for one in rows(life, tenant, AuditEntry) if one.action == "extension.configured"
    )
    assert entry.changes == {"settings": ["api_key", "greeting"]}


def test_an_empty_secret_keeps_the_old_and_null_clears(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.configure(tenant.owner(), HELLO, {"api_key": "one", "pin": "two"})
    kept = life.cycle.configure(tenant.owner(), HELLO, {"api_key": "", "pin": None})
    assert kept.installation["secrets_set"] == ["api_key"]
    reset = life.cycle.configure(tenant.owner(), HELLO, {"greeting": None})
    assert reset.installation["settings"]["greeting"] == "Hi"


def test_every_wrong_setting_is_named(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    with pytest.raises(ValidationFailed) as caught:
        life.cycle.configure(tenant.owner(), HELLO, {"greeting": 3, "colour": "red"})
    assert {found.pointer for found in caught.value.findings} == {"/greeting", "/colour"}
    with pytest.raises(ValidationFailed) as caught:
        life.cycle.configure(tenant.owner(), HELLO, {"api_key": None})
    assert caught.value.findings[0].code == "missing_setting"
    assert rows(life, tenant)[0].revision == 1


def test_an_extension_saves_its_own_settings(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.save_settings(tenant.owner("read:leads"), HELLO, {"greeting": "Yo"})
    assert life.cycle.get(tenant.owner(), HELLO)["settings"]["greeting"] == "Yo"


def test_secrets_that_no_key_reads_count_as_missing(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    with life.core.works.write(tenant.system()) as work:
        work.session.scalars(select(Installation)).one().secrets = "not a token"
    assert life.cycle.get(tenant.owner(), HELLO)["missing_settings"] == ["api_key"]
    with pytest.raises(DecryptionFailed):
        life.cycle.configure(tenant.owner(), HELLO, {"pin": "1"})


def test_settings_made_by_install_are_stored(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)

    def install(_actor: object, draft: Draft) -> Outcome:
        draft.settings.plain["greeting"] = "Salut"
        draft.settings.secrets["api_key"] = "made"
        return Outcome()

    life.runner.installing = install
    change = life.cycle.install(tenant.owner(), ALL)
    assert change.installation["settings"]["greeting"] == "Salut"
    assert change.installation["secrets_set"] == ["api_key"]


def test_enabling_and_disabling(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    paused = life.cycle.disable(tenant.owner(), HELLO)
    assert (paused.installation["enabled"], paused.installation["status"]) == (False, "disabled")
    again = life.cycle.enable(tenant.owner(), HELLO)
    assert (again.installation["enabled"], again.installation["status"]) == (True, "enabled")
    assert again.generation == paused.generation + 1
    assert audited(life, tenant) == [
        "extension.installed", "extension.disabled", "extension.enabled",
    ]  # fmt: skip


def test_settings_come_back_after_an_uninstall_that_kept_them(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.configure(tenant.owner(), HELLO, {"api_key": "k", "pin": "1", "greeting": "Yo"})
    removed = life.cycle.uninstall(tenant.owner(), HELLO)
    assert removed.kept
    assert removed.warning is None
    assert rows(life, tenant) == []
    life.shelf.put(zipped(files(version="1.1.0", settings=[SETTINGS[1]])), version="1.1.0")
    back = life.cycle.install(tenant.owner(), ALL)
    assert back.installation["secrets_set"] == ["api_key"]
    assert back.installation["settings"] == {"api_key": None}
    assert rows(life, tenant, KeptSettings) == []


def test_a_purge_leaves_nothing(life: Life, tenant: Tenant):
    offer(life, settings=SETTINGS)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.configure(tenant.owner(), HELLO, {"api_key": "k"})
    assert not life.cycle.uninstall(tenant.owner(), HELLO, "purge").kept
    assert rows(life, tenant, KeptSettings) == []
    assert life.cycle.install(tenant.owner(), ALL).installation["secrets_set"] == []


def raising(_actor: object, draft: Draft) -> Outcome:
    raise ExtensionFailed(draft.extension_id, "uninstall()", "extension.py:9", "ValueError: no")


@pytest.mark.parametrize(
    ("answer", "warning"),
    [
        (raising, "hello-world failed in uninstall() at extension.py:9: ValueError: no"),
        (
            lambda _actor, _draft: Outcome(success=False, message="the vendor is down"),
            "the vendor is down",
        ),
        (lambda _actor, _draft: Outcome(success=False), "It answered that it failed."),
    ],
)
def test_a_failing_uninstall_does_not_keep_it(
    life: Life, tenant: Tenant, answer: Any, warning: str
):
    life.cycle.install(tenant.owner(), ALL)
    life.runner.uninstalling = answer
    removed = life.cycle.uninstall(tenant.owner(), HELLO)
    assert removed.warning == warning
    assert rows(life, tenant) == []
    (entry,) = (
        one for one in rows(life, tenant, AuditEntry) if one.action == "extension.uninstalled"
    )
    assert entry.changes["warning"] == warning


def test_what_others_need_stays(life: Life, tenant: Tenant):
    life.shelf.put(
        zipped(files(id="needs-hello", requires={"extensions": {HELLO: ">=1.0.0"}})), "needs-hello"
    )
    second = wanted(extension_id="needs-hello")
    with pytest.raises(InstallFailed, match="install that first") as caught:
        life.cycle.install(tenant.owner(), second)
    assert caught.value.step == "resolve"
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.install(tenant.owner(), second)
    for change in (life.cycle.disable, life.cycle.uninstall):
        with pytest.raises(StillNeeded, match="needs-hello"):
            change(tenant.owner(), HELLO)
    life.cycle.disable(tenant.owner(), "needs-hello")
    life.cycle.disable(tenant.owner(), HELLO)
    with pytest.raises(Conflict, match="enable it"):
        life.cycle.enable(tenant.owner(), "needs-hello")


def test_the_list_is_by_id(life: Life, tenant: Tenant):
    life.shelf.put(zipped(files(id="a-first")), "a-first")
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.install(tenant.owner(), wanted(extension_id="a-first"))
    assert [one["extension_id"] for one in life.cycle.list(tenant.owner())] == ["a-first", HELLO]
    assert life.cycle.inventory.manifest(tenant.owner(), HELLO).name == "Hello World"


def test_an_icon_inside_static_is_shown(life: Life, tenant: Tenant):
    shown = life.cycle.install(tenant.owner(), ALL).installation
    assert shown["icon"] == f"/ext-assets/{life.folders()[0]}/icon.svg"
    offer(life, id="bare", icon=None)
    life.shelf.put(zipped(files(id="bare", icon=None)), "bare")
    bare = life.cycle.install(tenant.owner(), wanted(extension_id="bare"))
    assert bare.installation["icon"] is None


def test_the_whole_life_on_both_engines(both_lives: Life):
    tenant = make_tenant(both_lives.core, "north")
    offer(both_lives, settings=SETTINGS)
    both_lives.cycle.install(tenant.owner(), ALL)
    both_lives.cycle.configure(tenant.owner(), HELLO, {"api_key": "k"})
    both_lives.cycle.disable(tenant.owner(), HELLO)
    both_lives.cycle.enable(tenant.owner(), HELLO)
    both_lives.cycle.uninstall(tenant.owner(), HELLO)
    assert both_lives.cycle.install(tenant.owner(), ALL).installation["secrets_set"] == ["api_key"]
    assert isinstance(both_lives.runner, FakeRunner)
