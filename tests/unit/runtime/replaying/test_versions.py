"""Which version is tried, with what rights, and what goes on beside it."""

import pytest

from geminicrm.kernel.errors import NotFound, ScopeMissing
from geminicrm.runtime.capabilities_door import ExtensionCapabilities
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.events_door import ExtensionEvents
from geminicrm.runtime.failures import InSafeMode
from geminicrm.runtime.host.backs import BACKS
from geminicrm.runtime.http_door import ExtensionHttp
from geminicrm.runtime.jobs_door import ExtensionJobs
from geminicrm.runtime.limits_door import ExtensionLimits
from geminicrm.runtime.problems import InstallFailed, NotInstalled
from geminicrm.runtime.quarantine import Kill, VersionStopped
from geminicrm.runtime.record_door import NOUNS, ExtensionRecords
from geminicrm.runtime.settings_door import ExtensionSettings
from geminicrm.runtime.storage_door import ExtensionStorage
from tests.support.core import START, make_tenant
from tests.support.life import HELLO, files, zipped
from tests.support.replaying import FIRST, HEAD, MANIFEST, Replaying, every_row, operations

SAID = "app.log.info('{}', scopes=sorted(app.actor.scopes))"


def test_a_version_that_was_here_before(replaying: Replaying):
    replaying.install(SAID.format("one"))
    replaying.offer(SAID.format("two"), "1.1.0")
    wish = InstallRequest(extension_id=HELLO, grant="requested", allow_unsigned=True)
    replaying.core.life_cycle.upgrades.upgrade(replaying.tenant.owner(), wish)
    event_id, _ = replaying.event()

    assert replaying.dry_run(event_id)["logs"][0]["message"] == "two"
    old = replaying.dry_run(event_id, "1.0.0")
    assert (old["version"], old["logs"][0]["message"]) == ("1.0.0", "one")
    versions = replaying.core.replays.versions(replaying.tenant.owner(), HELLO)
    assert versions == ("1.1.0", "1.0.0")


def test_another_version_has_no_more_rights_than_the_installed_one(inside: Replaying):
    inside.install(FIRST)
    inside.offer(SAID.format("more"), "2.0.0", permissions=["read:leads", "read:deals"])
    event_id, _ = inside.event()
    trial = inside.dry_run(event_id, "2.0.0")
    assert trial["logs"][0]["fields"] == {"scopes": ["read:leads"]}


def test_settings_go_along_as_with_an_upgrade(inside: Replaying):
    inside.install(FIRST)
    owner = inside.tenant.owner()
    inside.core.life_cycle.configure(owner, HELLO, {"word": "hey", "key": "top-secret"})
    inside.offer("app.log.info(app.settings['word'], n=len(app.secrets['key']))", "1.1.0")
    event_id, _ = inside.event()
    (line,) = inside.dry_run(event_id, "1.1.0")["logs"]
    assert (line["message"], line["fields"]) == ("hey", {"n": 10})


def test_a_version_that_nobody_has(inside: Replaying):
    inside.install(FIRST)
    event_id, _ = inside.event()
    with pytest.raises(NotFound):
        inside.dry_run(event_id, "9.0.0")


def test_an_unsigned_version_needs_leave(hosted: Replaying):
    hosted.install(FIRST)
    event_id, _ = hosted.event()
    hosted.offer(FIRST, "1.1.0")
    with pytest.raises(InstallFailed, match=r"was not tried.*not signed"):
        hosted.core.replays.dry_run(hosted.tenant.owner(), HELLO, event_id, "1.1.0")


def test_a_version_that_was_stopped_is_not_tried(inside: Replaying, monkeypatch):
    inside.install(FIRST)
    event_id, _ = inside.event()
    kill = Kill(extension_id=HELLO, affected="*", reason="It is bad.")
    monkeypatch.setattr(inside.core.life_cycle.quarantine, "_kills", lambda _registry: [kill])
    with pytest.raises(VersionStopped):
        inside.dry_run(event_id)


def test_a_folder_that_somebody_changed_is_refused(inside: Replaying):
    inside.install(FIRST)
    event_id, _ = inside.event()
    inside.offer(FIRST, "1.1.0")
    assert inside.dry_run(event_id, "1.1.0")["outcome"] == "ok"
    folders = (inside.core.settings.home / "packages").glob("*/CHANGELOG.md")
    (changed,) = (path for path in folders if path.read_text() == "## 1.1.0\n")
    changed.write_text("changed")
    with pytest.raises(InstallFailed, match="does not hold what the package holds"):
        inside.dry_run(event_id, "1.1.0")


def test_an_event_of_another_workspace_is_not_found(inside: Replaying):
    inside.install(FIRST)
    event_id, _ = inside.event()
    south = make_tenant(inside.core, "south")
    Replaying(inside.core, south, "in-process").install(FIRST)
    with pytest.raises(NotFound):
        inside.core.replays.dry_run(south.owner(), HELLO, event_id)
    with pytest.raises(NotFound):
        inside.core.replays.again(south.owner(), HELLO, event_id)


def test_who_may_not_read_what_it_reads_may_not_try_it(inside: Replaying):
    inside.install(FIRST)
    event_id, _ = inside.event()
    with pytest.raises(ScopeMissing, match="manage:extensions"):
        inside.core.replays.dry_run(inside.tenant.owner("read:leads"), HELLO, event_id)
    with pytest.raises(ScopeMissing, match="read:leads"):
        inside.core.replays.dry_run(inside.tenant.owner("manage:extensions"), HELLO, event_id)


def test_what_is_not_installed_is_not_tried(core, tenant):
    with pytest.raises(NotInstalled):
        core.replays.dry_run(tenant.owner(), HELLO, "evt_1")


def test_safe_mode_tries_nothing(inside: Replaying):
    inside.install(FIRST)
    event_id, _ = inside.event()
    inside.core.safe_mode.enter("operator", "a test", START)
    with pytest.raises(InSafeMode):
        inside.dry_run(event_id)


def test_what_is_switched_off_can_be_tried(replaying: Replaying):
    replaying.install(FIRST)
    event_id, _ = replaying.event()
    replaying.core.life_cycle.disable(replaying.tenant.owner(), HELLO)
    assert operations(replaying.dry_run(event_id)) == ["storage.put"]


def test_extensions_that_look_at_its_changes_change_nothing_either(inside: Replaying):
    inside.install("if event.attempt > 1: app.leads.create({'last_name': 'Made'})")
    event_id, _ = inside.event()
    other = """
    @hookimpl
    def before_record_save(self, change):
        self.app.storage.put("asked", 1)
        self.app.settings.save({"word": change.draft["last_name"]})
        self.app.log.info("asked")
"""
    looks = "pass\n"
    inside.core.registry.offer(_with(other, looks, "watcher"))
    wish = InstallRequest(extension_id="watcher", grant="requested")
    inside.core.life_cycle.install(inside.tenant.owner(), wish)
    inside.core.runtime.reconcile()
    before = every_row(inside.core)
    trial = inside.dry_run(event_id)
    inside.core.runtime.ledger.flush()

    assert every_row(inside.core) == before
    assert [(one["extension_id"], one["operation"]) for one in trial["actions"]] == [
        ("watcher", "put"),
        ("watcher", "save"),
        (HELLO, "create"),
    ]


def _with(method, body, extension_id):
    code = f"{HEAD}        {body}{method}"
    return zipped(files(code, id=extension_id, **MANIFEST))


CHANGING = {"create", "update", "delete", "create_many", "update_many", "save", "put", "put_many"}
KINDS = dict.fromkeys(NOUNS.values(), "records")
# The last two are about the job that runs, and none does in a dry run.
READING = {"get", "get_many", "list", "all", "usage", "is_cancelled", "progress", "providers"}
DOORS = {
    **{("records", name): ExtensionRecords for name in CHANGING},
    **{("settings", name): ExtensionSettings for name in CHANGING},
    **{("storage", name): ExtensionStorage for name in CHANGING},
    ("events", "emit"): ExtensionEvents,
    ("jobs", "enqueue"): ExtensionJobs,
    ("limits", "take"): ExtensionLimits,
    ("capabilities", "ask"): ExtensionCapabilities,
}


@pytest.mark.parametrize(("door", "method"), sorted(BACKS))
def test_each_method_of_a_door_reads_or_is_noted(door: str, method: str):
    kind = KINDS.get(door, door)
    changing = getattr(DOORS.get((kind, method)), method, None)
    noted = getattr(changing, "is_noted", False)
    assert noted != (method in READING or door == "log")


def test_every_outside_call_is_noted():
    assert getattr(ExtensionHttp.request, "is_noted", False)
