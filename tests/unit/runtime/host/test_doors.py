import json
from datetime import date
from decimal import Decimal
from typing import Any, cast

import pytest

from extensions.sdk.capabilities.email import Address, Mail, MailFile, SentMail
from extensions.sdk.capabilities.using import ProviderInfo, using
from extensions.sdk.context import Context, ExtensionInfo, HttpResponse
from extensions.sdk.errors import Invalid
from extensions.sdk.storage import Document
from geminicrm.runtime.host import current
from geminicrm.runtime.host.backs import BACKS
from geminicrm.runtime.host.doors import HostContext
from geminicrm.runtime.host.jobs import JobFacts
from geminicrm.runtime.host.values import decode

DOCUMENT = {"key": "a", "value": [1], "version": 2, "updated_at": "2026-11-21T09:00:00Z"}
RECORD = {"id": "lead_1", "last_name": "Lovelace"}
PAGE = {"data": [RECORD], "next_cursor": "more"}
WORKSPACE = {"id": "ws_1", "name": "North", "timezone": "UTC", "currency": "EUR", "locale": "de"}
ACTOR = {"kind": "user", "id": "usr_1", "label": "Ada", "scopes": ["read:leads"]}
PROVIDER = {
    "service": "smtp-email",
    "name": "E-mail",
    "connection_id": "conn_1",
    "connection": "Ours",
    "environment": "test",
}
MAIL = Mail(
    idempotency_key="1",
    to=(Address(email="a@b.example"),),
    subject="Hi",
    files=(MailFile(name="a.txt", content=b"hi"),),
)
SENT = SentMail(message_id="<1@b.example>", accepted=("a@b.example",))
CHECKED = {"message_id": "<1@b.example>", "accepted": ["a@b.example"]}
ANSWERS: dict[tuple[str, str], Any] = {
    ("leads", "get"): RECORD,
    ("leads", "list"): PAGE,
    ("leads", "create"): RECORD,
    ("leads", "update"): RECORD,
    ("leads", "delete"): None,
    ("leads", "get_many"): [RECORD],
    ("leads", "create_many"): [RECORD],
    ("leads", "update_many"): [RECORD],
    ("settings", "all"): {"size": 3},
    ("settings", "save"): None,
    ("secrets", "all"): {"key": "hidden"},
    ("log", "write"): None,
    ("actor", "get"): ACTOR,
    ("workspace", "get"): WORKSPACE,
    ("storage", "get"): DOCUMENT,
    ("storage", "get_many"): {"a": DOCUMENT},
    ("storage", "put"): DOCUMENT,
    ("storage", "put_many"): [DOCUMENT],
    ("storage", "delete"): True,
    ("storage", "list"): {"data": [DOCUMENT], "next_cursor": None},
    ("events", "emit"): "evt_1",
    ("jobs", "enqueue"): "job_1",
    ("jobs", "progress"): None,
    ("jobs", "is_cancelled"): True,
    ("limits", "take"): None,
    ("capabilities", "providers"): [PROVIDER],
    ("capabilities", "ask"): {"result": CHECKED, "provider": PROVIDER},
    ("extension", "get"): {"id": "a", "name": "A", "version": "1.0.0", "types": ["email"]},
    ("storage", "usage"): {"documents": 1, "size": 9, "most_documents": 10, "most_size": 100},
}


WISHES = (3, None, "Idempotency-Key", 0.0)


class Core:
    """Checks what is asked as the core does, and answers from the table."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] | None = None
        self.secrets: dict[str, str] | None = None
        self.asked: list[tuple[str, str, Any]] = []
        self.sent: list[tuple[Any, ...]] = []

    def ask(self, door: str, method: str, arguments: bytes) -> Any:
        decode(arguments, BACKS[door, method])
        self.asked.append((door, method, json.loads(arguments)))
        return ANSWERS[door, method]

    def ask_http(self, *given: Any) -> HttpResponse:
        self.sent.append(given)
        return HttpResponse(200, {}, b"{}")


@pytest.fixture
def core():
    made = Core()
    token = current.enter(made)
    yield made
    current.leave(token)


@pytest.fixture
def app():
    return cast("Context", HostContext())


def test_records_are_asked_for_and_come_as_dictionaries(app, core):
    assert app.leads.get("lead_1") == RECORD
    page = app.leads.list(limit=5, status="new", sort="-updated_at")
    assert (page.data, page.next_cursor) == ((RECORD,), "more")
    assert core.asked[-1] == (
        "leads",
        "list",
        {"limit": 5, "cursor": None, "filters": {"status": "new", "sort": "-updated_at"}},
    )
    assert (
        app.leads.create(
            {"last_name": "Lovelace", "born": date(1815, 12, 10), "n": Decimal("1.20")}
        )
        == RECORD
    )
    assert core.asked[-1][2] == {
        "data": {"last_name": "Lovelace", "born": "1815-12-10", "n": "1.20"}
    }
    assert app.leads.update("lead_1", {"phone": "1"}, if_version=3) == RECORD
    assert core.asked[-1][2] == {"record_id": "lead_1", "changes": {"phone": "1"}, "if_version": 3}
    app.leads.delete("lead_1")
    assert core.asked[-1] == ("leads", "delete", {"record_id": "lead_1", "if_version": None})


def test_records_are_asked_for_in_batches(app, core):
    assert app.leads.get_many(("lead_1",)) == (RECORD,)
    assert app.leads.create_many([{"last_name": "A"}]) == (RECORD,)
    assert app.leads.update_many({"lead_1": {"phone": "1"}}) == (RECORD,)
    assert [method for _, method, _ in core.asked] == ["get_many", "create_many", "update_many"]


@pytest.mark.parametrize("door", ["leads", "contacts", "companies", "deals", "activities"])
def test_every_kind_of_record_has_its_door(app, core, door, monkeypatch):
    monkeypatch.setitem(ANSWERS, (door, "get"), RECORD)
    assert getattr(app, door).get("x") == RECORD
    assert core.asked[-1][0] == door


def test_what_is_no_json_is_refused_before_it_is_sent(app, core):
    with pytest.raises(Invalid, match="object is none"):
        app.leads.create({"last_name": object()})
    with pytest.raises(Invalid, match="bytes is none"):
        app.leads.create({"last_name": b"Lovelace"})
    with pytest.raises(Invalid, match="JSON"):
        app.deals.update("deal_1", {"amount": float("nan")})
    with pytest.raises(Invalid, match="JSON"):
        app.storage.put("a", float("nan"))
    assert core.asked == []


def test_settings_and_secrets_are_asked_for_once_in_a_call(app, core):
    assert (app.settings["size"], len(app.settings), list(app.settings)) == (3, 1, ["size"])
    assert (app.settings.get("other", 7), set(app.settings.keys())) == (7, {"size"})
    assert {**app.settings, **app.secrets} == {"size": 3, "key": "hidden"}
    assert (app.secrets["key"], len(app.secrets)) == ("hidden", 1)
    assert [(door, method) for door, method, _ in core.asked] == [
        ("settings", "all"),
        ("secrets", "all"),
    ]
    app.settings.save({"size": 4})
    assert core.settings is core.secrets is None


def test_documents_go_to_the_core_and_come_back(app, core):
    document = Document(**DOCUMENT)
    assert app.storage.get("a") == document
    assert app.storage.get_many(["a"]) == {"a": document}
    assert app.storage.put("a", {"b": 1}, if_version=1) == document
    assert core.asked[-1][2] == {"key": "a", "value": {"b": 1}, "if_version": 1}
    assert app.storage.put_many({"a": 1}) == (document,)
    assert app.storage.delete("a") is True
    assert app.storage.list("a", limit=3).data == (document,)
    assert app.storage.usage().most_size == 100


def test_a_document_that_is_not_there_is_none(app, core, monkeypatch):
    monkeypatch.setitem(ANSWERS, ("storage", "get"), None)
    assert app.storage.get("a") is None


def test_events_go_to_the_core(app, core):
    assert app.events.emit("noted", {"a": 1}, object_id="lead_1") == "evt_1"
    asked = {"name": "noted", "data": {"a": 1}, "object_id": "lead_1"}
    assert core.asked == [("events", "emit", asked)]
    with pytest.raises(Invalid, match=r"/data: .* date is none"):
        app.events.emit("noted", {"on": date(1815, 12, 10)})


def test_jobs_are_asked_for(app, core):
    assert app.jobs.enqueue("count", {"a": 1}, delay_seconds=1.5, unique_key="k") == "job_1"
    asked = {"name": "count", "payload": {"a": 1}, "delay_seconds": 1.5, "unique_key": "k"}
    assert core.asked == [("jobs", "enqueue", {**asked, "max_attempts": 5})]
    with pytest.raises(Invalid, match="set is none"):
        app.jobs.enqueue("count", {1})


def test_a_running_job_speaks_to_the_core(core):
    job = JobFacts("job_1", "count", {"a": 1}, 2).job()
    job.progress(50, "half")
    assert (job.cancelled, job.again, job.payload) == (True, True, {"a": 1})
    assert core.asked == [
        ("jobs", "progress", {"percent": 50, "note": "half"}),
        ("jobs", "is_cancelled", {}),
    ]


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_log_lines_go_to_the_core_whatever_their_fields_are(app, core, level):
    getattr(app.log, level)("seen", number=1, thing=object)
    assert core.asked[-1][2] == {
        "level": level,
        "message": "seen",
        "fields": {"number": 1, "thing": "<class 'object'>"},
    }


def test_who_and_where(app, core):
    assert app.actor.scopes == frozenset({"read:leads"})
    assert app.workspace.currency == "EUR"


def test_outside_calls_go_through_the_core(app, core):
    app.http.request("POST", "https://a.example", headers={"X-A": "1"}, json={"a": 1}, timeout=99)
    headers = [("X-A", "1"), ("Content-Type", "application/json")]
    assert core.sent == [("POST", "https://a.example", headers, b'{"a": 1}', 30.0, WISHES)]
    app.http.request("GET", "https://a.example")
    assert core.sent[-1] == ("GET", "https://a.example", [], b"", 30.0, WISHES)


def test_wishes_about_a_call_go_along(app, core):
    wishes = {
        "retries": 1,
        "idempotency_key": "order-7",
        "idempotency_header": "X-Request-Id",
        "cache_seconds": 60.0,
    }
    app.http.request("GET", "https://a.example", **wishes)
    assert core.sent[-1][-1] == (1, "order-7", "X-Request-Id", 60.0)


def test_turns_of_a_limit_are_asked_for(app, core):
    app.limits.take("messages", 5)
    assert core.asked[-1] == ("limits", "take", {"counts": "messages", "count": 5})


def test_others_are_asked_through_the_core(app, core):
    assert app.capabilities.providers("email") == (ProviderInfo(**PROVIDER),)
    answered = app.capabilities.ask("email", "send", {"mail": MAIL}, connection_id="conn_1")
    assert answered.provider == ProviderInfo(**PROVIDER)
    asked = core.asked[-1][2]
    assert asked["arguments"]["mail"]["files"][0]["content"] == "aGk="
    assert (asked["capability"], asked["operation"]) == ("email", "send")
    assert asked["connection_id"] == "conn_1"
    assert using(app.capabilities, "email").send(MAIL) == SENT


def test_what_can_not_travel_is_invalid(app, core):
    with pytest.raises(Invalid):
        app.capabilities.ask("desk.forecast", "look", {"place": object()})


def test_an_extension_is_told_of_itself(app, core):
    assert app.extension == ExtensionInfo(id="a", name="A", version="1.0.0", types=("email",))


def test_outside_of_a_call_nothing_works(app):
    with pytest.raises(current.NoCall, match="finds its workspace"):
        app.leads.get("lead_1")
