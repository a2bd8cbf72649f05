import pytest

from geminicrm.runtime.host.messages import Failed, Invoke, Raised, Reply
from geminicrm.runtime.host.raised import error_of
from geminicrm.runtime.host.values import encode
from geminicrm.runtime.host.wire import WireClosed
from tests.support.core_end import soon


def workspace(_door: str, _method: str, _arguments: dict[str, object]) -> dict[str, str]:
    return {"id": "ws_1", "name": "North"}


def failed(core, path: str) -> Failed:
    ending, _ = core.get(path)
    assert isinstance(ending, Failed), ending
    return ending


def test_errors_of_the_sdk_come_out_whole(start_host):
    core = start_host("""
    def add(self, routes):
        @routes.get("/missing")
        def missing():
            raise errors.NotFound("lead", "lead_1")

        @routes.get("/odd")
        def odd():
            error = errors.NotFound("lead", "lead_1")
            del error.kind
            raise error
    """)
    ending, _ = core.get("/missing")

    assert isinstance(ending, Raised)
    assert ending.where == "extension.py:27 in missing"
    assert str(error_of(ending.error)) == "There is no lead with the id lead_1."
    assert failed(core, "/odd").reason == "NotFound: There is no lead with the id lead_1."


def test_the_methods_of_an_extension_can_be_called(start_host):
    core = start_host(
        """
    def perform_action(self, action, values, record_type, record_id):
        if action == "odd":
            return {"toast": "x"}
        return ActionResult(toast=f"{action} {values} {record_type} {record_id}")
    """,
        door=workspace,
    )

    assert core.invoke("install") == {"success": True, "message": "North"}
    assert core.invoke("uninstall") is None
    done = core.invoke("action", "", "go", {"a": "1"}, "lead", "lead_1")
    assert done["toast"] == "go {'a': '1'} lead lead_1"
    ending, _ = core.ask(Invoke(1, 5.0, "action"), encode(["odd", {}, None, None]))
    assert ending.reason == "TypeError: perform_action() must return an ActionResult, not dict"


def test_hooks_get_what_the_sdk_says(start_host):
    core = start_host("""
    @hookimpl
    def collect_panel(self, record, panel):
        return [Text(f"{panel} {record['id']}")] if panel == "main" else None

    @hookimpl
    def collect_badges(self, record_type, records):
        if record_type == "deal":
            return {"deal_1": "odd"}
        return {record["id"]: Badge("new") for record in records}

    @hookimpl
    def before_record_save(self, change):
        raise errors.Refused(f"{type(change).__name__} {change.action} {change.draft}", "email")

    @hookimpl
    def on_event(self, event):
        assert event.timestamp.utcoffset().total_seconds() == 0
        assert (event.type, event.attempt, event.data) == ("lead.created", 2, {"a": 1})
        return object()
    """)
    event = {
        "id": "evt_1",
        "type": "lead.created",
        "schema_version": 1,
        "object_version": 1,
        "timestamp": "2026-01-02T03:04:05Z",
        "workspace_id": "ws_1",
        "data": {"a": 1},
        "attempt": 2,
    }
    change = {"record_type": "lead", "action": "create", "before": None, "draft": {"a": 1}}

    text = {"type": "text", "text": "main lead_1", "tone": "neutral"}
    record = {"id": "lead_1"}
    assert core.invoke("hook", "collect_panel", "main", "lead", record) == [text]
    assert core.invoke("hook", "collect_panel", "other", "lead", record) is None
    badge = {"type": "badge", "text": "new", "tone": "neutral"}
    assert core.invoke("hook", "collect_badges", "lead", [record]) == {"lead_1": badge}
    assert core.invoke("hook", "on_event", event) is None
    odd, _ = core.ask(Invoke(1, 5.0, "hook", "collect_badges"), encode(["deal", []]))
    assert odd.reason == "TypeError: collect_badges must give Badge values, not str"
    ending, _ = core.ask(Invoke(1, 5.0, "hook", "before_record_save"), encode([change]))
    refused = error_of(ending.error)
    assert (str(refused), refused.field) == ("RecordChange create {'a': 1}", "email")


@pytest.mark.parametrize(
    ("message", "body"),
    [
        (Reply(1, 1), b"{}"),
        (Invoke(1, 1.0, "explode"), b"[]"),
        (Invoke(1, 1.0, "hook", "collect_panel"), b"[]"),
        (Invoke(1, 1.0, "action"), b"{"),
    ],
    ids=range(4),
)
def test_what_no_core_asks_for_ends_the_connection(start_host, message, body: bytes):
    core = start_host("")
    core.wire.send(message, body, deadline=soon())

    with pytest.raises(WireClosed):
        core.wire.receive(deadline=soon())
