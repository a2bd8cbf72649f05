"""What an extension would have done, shown and not done."""

import pytest
from structlog.testing import capture_logs

from tests.support.life import HELLO
from tests.support.replaying import Replaying, every_row, operations

WRITES = """
made = app.leads.create({"last_name": "Hopper"})
app.leads.update(made["id"], {"first_name": "Grace"}, if_version=made["version"])
app.leads.update(event.data["id"], {"first_name": "Ada"})
app.leads.create_many([{"last_name": "One"}, {"last_name": "Two"}])
app.leads.update_many({event.data["id"]: {"company": "Engines"}})
app.leads.delete(made["id"])
app.storage.put("a", {"n": 1}, if_version=0)
app.storage.put("a", {"n": 2}, if_version=1)
app.storage.put_many({"b": 1, "c": 2})
app.storage.delete("b")
app.settings.save({"word": "hi", "key": "top-secret"})
app.http.request("POST", "https://api.example.com/x", json={"attempt": event.attempt})
app.log.info("done", attempt=event.attempt)
"""
DONE = [
    *("leads.create", "leads.update", "leads.update", "leads.create_many", "leads.update_many"),
    *("leads.delete", "storage.put", "storage.put", "storage.put_many", "storage.delete"),
    *("settings.save", "http.request"),
]


def test_every_write_is_shown_and_nothing_is_changed(replaying: Replaying):
    replaying.install("app.storage.put('first', event.attempt)")
    event_id, lead = replaying.event()
    replaying.offer(WRITES, "1.1.0")
    before = every_row(replaying.core)
    trial = replaying.dry_run(event_id, "1.1.0")

    replaying.core.runtime.ledger.flush()
    assert every_row(replaying.core) == before
    assert (trial["outcome"], trial["reason"]) == ("ok", "")
    assert operations(trial) == DONE
    assert [one["error"] for one in trial["actions"]] == [None] * len(DONE)
    made, changed, other, *_ = trial["actions"]
    assert made["result"] == {"id": made["target"], "version": 1}
    assert changed["result"] == {"id": made["target"], "version": 2}
    assert other["result"] == {"id": lead["id"], "version": 2}
    assert trial["actions"][7]["result"] == {"key": "a", "version": 2}
    assert trial["actions"][9]["result"] is True
    assert trial["actions"][10]["data"] == {"values": {"word": "hi", "key": "(secret)"}}
    assert trial["actions"][11]["data"]["method"] == "POST"
    assert trial["actions"][11]["target"] == "https://api.example.com/x"
    assert trial["actions"][11]["result"] == {"status": 200}
    assert trial["logs"] == [{"level": "info", "message": "done", "fields": {"attempt": 2}}]
    assert trial["milliseconds"] > 0


READS = """
mine = app.leads.get(event.data["id"])
made = app.leads.create({"last_name": mine["last_name"] + " again"})
found = app.leads.get(made["id"])
names = sorted(one["last_name"] for one in app.leads.list().data)
app.storage.put("seen", app.storage.get("first").value)
app.settings.save({"word": "new"})
app.log.info("read", names=names, found=found["version"], word=app.settings["word"],
             kept=app.storage.get("seen").value, attempt=event.attempt)
"""


def test_reads_are_true_and_see_what_it_would_have_written(replaying: Replaying):
    replaying.install("app.storage.put('first', event.attempt)")
    event_id, _ = replaying.event()
    replaying.offer(READS, "1.1.0")
    trial = replaying.dry_run(event_id, "1.1.0")

    assert trial["reason"] == ""
    assert trial["logs"][0]["fields"] == {
        "names": ["Lovelace", "Lovelace again"],
        "found": 1,
        "word": "new",
        "kept": 1,
        "attempt": 2,
    }


@pytest.mark.parametrize(
    ("body", "error", "reason"),
    [
        ("app.leads.create({'last_name': ''})", "Invalid", "Invalid"),
        ("app.leads.update('lead_none', {'last_name': 'A'})", "NotFound", "NotFound"),
        ("app.leads.delete(event.data['id'], if_version=7)", "Conflict", "Conflict"),
        ("app.storage.put('first', 1, if_version=9)", "Conflict", "Conflict"),
        ("app.settings.save({'nothing': 1})", "Invalid", "Invalid"),
        (
            "app.http.request('GET', 'https://' + 'other.example/')",
            "HttpNotAllowed",
            "HttpNotAllowed",
        ),
        ("app.contacts.create({'last_name': 'A'})", "PermissionDenied", "PermissionDenied"),
    ],
)
def test_what_would_be_refused_is_refused(inside: Replaying, body: str, error: str, reason: str):
    inside.install("app.storage.put('first', event.attempt)")
    event_id, _ = inside.event()
    inside.offer(body, "1.1.0", permissions=["read:leads", "write:leads", "write:contacts"])
    before = every_row(inside.core)
    trial = inside.dry_run(event_id, "1.1.0")

    assert every_row(inside.core) == before
    assert trial["outcome"] == "error"
    assert trial["reason"].startswith(reason)
    assert trial["where"].startswith("extension.py:")
    assert trial["actions"][-1]["error"].startswith(error)


def test_an_error_is_shown_with_its_place(replaying: Replaying):
    replaying.install("app.storage.put('first', 1)\nif event.attempt > 1: raise ValueError('no')")
    event_id, _ = replaying.event()
    with capture_logs() as logged:
        trial = replaying.dry_run(event_id)

    assert (trial["outcome"], trial["reason"]) == ("error", "ValueError: no")
    assert trial["where"].endswith("in on_event")
    assert operations(trial) == ["storage.put"]
    assert [one for one in logged if one["event"] == "extension failed"] == []
    installed = replaying.core.life_cycle.get(replaying.tenant.owner(), HELLO)
    assert replaying.core.runtime.calls.troubles(installed["id"]) == []


def test_what_asks_to_come_later_is_shown_as_such(inside: Replaying):
    inside.install("if event.attempt > 1: raise Unavailable('busy')")
    event_id, _ = inside.event()
    trial = inside.dry_run(event_id)
    assert trial["outcome"] == "error"
    assert trial["reason"] == "Unavailable: busy It would be called again later."


def test_an_event_that_it_would_not_get(inside: Replaying):
    inside.install("app.storage.put('first', 1)", events=["lead.deleted"])
    event_id, _ = inside.event()
    trial = inside.dry_run(event_id)
    assert (trial["outcome"], trial["actions"]) == ("not_wanted", [])


def test_secrets_are_shown_nowhere(inside: Replaying):
    inside.install("app.log.info(app.secrets['key'], k=app.secrets['key'])")
    owner = inside.tenant.owner()
    inside.core.life_cycle.configure(owner, HELLO, {"key": "top-secret"})
    event_id, _ = inside.event()
    trial = inside.dry_run(event_id)
    assert trial["outcome"] == "ok"
    assert trial["logs"] == [{"level": "info", "message": "(secret)", "fields": {"k": "(secret)"}}]
