"""Plans of every kind: what they say, and that every door says the same."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from geminicrm.runtime.problems import ConsentRequired, InstallFailed, NotInstalled
from geminicrm.runtime.storage import Owner, Storage
from geminicrm.runtime.upgrade_problems import NothingBefore
from tests.support.announcing import SCORED
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, files, wanted, zipped
from tests.support.life_app import life_app

PLAN = "/api/installations/plan"
SECOND: dict[str, Any] = {
    "version": "2.0.0",
    "permissions": ["read:leads", "write:deals"],
    "optional_permissions": ["read:users"],
    "network": [{"host": "new.example.com", "reason": "Sends."}],
    "events": ["deal.won"],
    "event_types": [SCORED],
    "hooks": ["on_event", "before_record_save"],
    "schedules": [{"id": "nightly", "cron": "0 3 * * *", "description": "Counts."}],
    "ui": {"record_panels": [{"id": "p", "title": "Greet", "record": "lead"}]},
    "settings": [{"id": "key", "type": "password", "label": "Key", "required": True}],
    "storage_version": 2,
}
FIRST: dict[str, Any] = {
    "permissions": ["read:leads", "read:companies"],
    "network": [{"host": "old.example.com", "reason": "Sends."}],
    "events": ["lead.created"],
    "hooks": ["on_event"],
    "ui": {"dashboard_widgets": [{"id": "w", "title": "Greetings"}]},
    "settings": [{"id": "tone", "type": "text", "label": "Tone"}],
}
LOG = b"# Changelog\n\n## 2.0.0\n\n- Won deals.\n\n## 1.0.0\n\n- First.\n"


def put(life: Life, **changes: Any) -> None:
    content = {**files(**changes), "CHANGELOG.md": LOG}
    life.shelf.put(zipped(content), version=changes.get("version", "1.0.0"))


@pytest.fixture
def second(life: Life, tenant: Tenant) -> Life:
    """Version 1 is installed, has a setting and a document; version 2 is offered."""
    put(life, **FIRST)
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.configure(tenant.owner(), HELLO, {"tone": "warm"})
    Storage(life.core.works).put(Owner(tenant.system(), HELLO, None), {"a": b"1"})
    put(life, **SECOND)
    return life


def scopes(lines: Any) -> list[str]:
    return [line.scope for line in lines]


def test_an_upgrade_says_what_comes_what_goes_and_what_stays(second: Life, tenant: Tenant):
    plan = second.cycle.preview(tenant.owner(), HELLO)
    changes = plan.changes
    assert (plan.kind, plan.from_version, plan.version) == ("upgrade", "1.0.0", "2.0.0")
    assert scopes(changes.scopes_added) == ["write:deals"]
    assert scopes(changes.scopes_removed) == ["read:companies"]
    assert scopes(changes.scopes_unchanged) == ["read:leads"]
    assert scopes(plan.optional_scopes) == ["read:users"]
    assert [one.host for one in changes.hosts_added] == ["new.example.com"]
    assert [one.host for one in changes.hosts_removed] == ["old.example.com"]
    assert (changes.events_added, changes.events_removed) == (("deal.won",), ("lead.created",))
    assert (changes.hooks_added, changes.hooks_removed) == (("before_record_save",), ())
    assert [one.id for one in changes.schedules_added] == ["nightly"]
    assert [one.type for one in changes.own_events_added] == ["hello_world.score_changed"]
    assert [one.title for one in changes.ui_added] == ["Greet"]
    assert [one.title for one in changes.ui_removed] == ["Greetings"]
    assert [one.label for one in changes.settings_lost] == ["Tone"]
    assert [one.label for one in changes.settings_needed] == ["Key"]
    assert plan.needs_consent
    assert plan.data is not None
    assert (plan.data.fate, plan.data.documents) == ("kept", 1)
    assert (plan.data.storage_before, plan.data.storage_after) == (1, 2)
    assert plan.changelog == "## 2.0.0\n\n- Won deals."
    assert [name for name, _, _ in plan.background()] == [
        "on_event",
        "schedule:nightly",
        "announces:hello_world.score_changed",
        "before_record_save",
    ]


def test_an_upgrade_that_asks_for_nothing_more_needs_no_consent(second: Life, tenant: Tenant):
    put(second, **{**FIRST, "version": "2.0.0"})
    assert not second.cycle.preview(tenant.owner(), HELLO).needs_consent


def test_a_version_that_announces_more_needs_consent(second: Life, tenant: Tenant):
    put(second, **{**FIRST, "version": "2.0.0", "event_types": [SCORED]})
    assert second.cycle.preview(tenant.owner(), HELLO).needs_consent


def test_an_install_finds_what_was_stored_before(life: Life, tenant: Tenant):
    Storage(life.core.works).put(Owner(tenant.system(), HELLO, None), {"a": b"1"})
    plan = life.cycle.preview(tenant.owner(), HELLO)
    assert plan.kind == "install"
    assert plan.data is not None
    assert plan.data.fate == "found"
    assert plan.kept_documents == 1


def test_a_rollback_says_what_comes_back(second: Life, tenant: Tenant):
    second.cycle.upgrades.upgrade(tenant.owner(), wanted())
    plan = second.cycle.preview(tenant.owner(), HELLO, action="rollback")
    assert (plan.kind, plan.from_version, plan.version) == ("rollback", "2.0.0", "1.0.0")
    assert scopes(plan.changes.scopes_removed) == ["write:deals"]
    assert [one.type for one in plan.changes.own_events_removed] == ["hello_world.score_changed"]
    assert not plan.needs_consent
    named = second.cycle.preview(tenant.owner(), HELLO, "1.0.0", "rollback")
    assert named == plan
    with pytest.raises(NothingBefore):
        second.cycle.preview(tenant.owner(), HELLO, "0.1.0", "rollback")


def test_data_that_an_old_version_can_not_read_is_called_lost(second: Life, tenant: Tenant):
    put(second, **{**SECOND, "storage_version": 3})
    second.cycle.upgrades.upgrade(tenant.owner(), wanted())
    plan = second.cycle.preview(tenant.owner(), HELLO, action="rollback")
    assert plan.data is not None
    assert plan.data.fate == "lost"


def test_an_uninstall_says_what_stops_and_who_needs_it(second: Life, tenant: Tenant):
    needing = files(id="other", name="Other", requires={"extensions": {HELLO: "^1.0.0"}})
    second.shelf.put(zipped(needing), "other")
    second.cycle.install(tenant.owner(), wanted(extension_id="other"))
    plan = second.cycle.preview(tenant.owner(), HELLO, action="uninstall")
    assert (plan.kind, plan.version) == ("uninstall", "1.0.0")
    assert scopes(plan.changes.scopes_removed) == ["read:companies", "read:leads"]
    assert plan.changes.events_removed == ("lead.created",)
    assert [one.title for one in plan.changes.ui_removed] == ["Greetings"]
    assert plan.data is not None
    assert plan.data.fate == "kept"
    (affected,) = plan.affected
    assert affected.blocking
    assert affected.sentence == "It needs ^1.0.0 of this: uninstall or pause it first."
    second.cycle.disable(tenant.owner(), "other")
    (affected,) = second.cycle.preview(tenant.owner(), HELLO, action="uninstall").affected
    assert not affected.blocking


def test_who_uses_it_is_told_on_an_upgrade(second: Life, tenant: Tenant):
    needing = files(id="other", name="Other", requires={"extensions": {HELLO: ">=1"}})
    second.shelf.put(zipped(needing), "other")
    second.cycle.install(tenant.owner(), wanted(extension_id="other"))
    (affected,) = second.cycle.preview(tenant.owner(), HELLO).affected
    assert (affected.sentence, affected.blocking) == ("It needs >=1 of this, and 2.0.0 is.", False)


def test_a_rollback_that_others_stand_against_is_refused_in_words(second: Life, tenant: Tenant):
    second.cycle.upgrades.upgrade(tenant.owner(), wanted())
    needing = files(id="other", name="Other", requires={"extensions": {HELLO: ">=2"}})
    second.shelf.put(zipped(needing), "other")
    second.cycle.install(tenant.owner(), wanted(extension_id="other"))
    with pytest.raises(InstallFailed, match="which is installed, needs hello-world"):
        second.cycle.preview(tenant.owner(), HELLO, action="rollback")


def test_a_yanked_version_is_warned_of(life: Life, tenant: Tenant):
    life.shelf.put(zipped(files()), state="yanked")
    assert "withdrawn" in life.cycle.preview(tenant.owner(), HELLO, "1.0.0").warnings[0]


@pytest.mark.parametrize("action", ["upgrade", "rollback", "uninstall"])
def test_what_is_not_installed_has_no_such_plan(life: Life, tenant: Tenant, action: Any):
    with pytest.raises(NotInstalled):
        life.cycle.preview(tenant.owner(), HELLO, action=action)


@pytest.fixture
def client(second: Life, tenant: Tenant) -> FlaskClient:
    made = life_app(second).test_client()
    made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tenant.token}"
    return made


def test_every_door_shows_the_same_plan(client: FlaskClient, second: Life, tenant: Tenant):
    shown = client.post(PLAN, json={"extension_id": HELLO}).json
    named = client.post(PLAN, json={"extension_id": HELLO, "action": "upgrade"}).json
    asked = client.post(f"/api/installations/{HELLO}/upgrade", json={})
    with pytest.raises(ConsentRequired) as caught:
        second.cycle.upgrades.upgrade(tenant.owner(), wanted(grant=None))
    assert asked.status_code == 409
    assert shown == named == asked.json["plan"]
    told = client.application.json.loads(client.application.json.dumps(caught.value.extra["plan"]))
    assert told == shown
    gone = client.post(PLAN, json={"extension_id": HELLO, "action": "uninstall"}).json
    assert gone["kind"] == "uninstall"
    wrong = client.post(PLAN, json={"extension_id": HELLO, "action": "explode"})
    assert wrong.status_code == 422
