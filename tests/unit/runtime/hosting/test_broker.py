"""Calls back: the same doors as in process, typed, counted, refused in the SDK's words."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from extensions.sdk.errors import HttpNotAllowed, Invalid, NotFound, PermissionDenied, SdkError
from geminicrm.kernel.http import HttpRequest, HttpResponse
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.host.backs import BACKS
from geminicrm.runtime.host.messages import Back, HttpBack
from geminicrm.runtime.hosting import conversation
from geminicrm.runtime.hosting.broker import fitting
from geminicrm.runtime.hosting.methods import METHODS
from tests.support.core import Tenant
from tests.support.fake_hosts import HostSide, Played
from tests.support.sample_extensions import QUIET

SETTINGS = [{"id": "word", "type": "text", "label": "Word", "default": "Hi"}]


def played_in(played: Played, tenant: Tenant, work: Any, **row: Any) -> list[Any]:
    """Have `work` done by a host in a request; give what it found."""
    found: list[Any] = []

    def play(host: HostSide) -> None:
        host.begin()
        found.append(work(host))
        host.answer()

    played.plays(play)
    played.put(tenant, **row)
    played.request(tenant, "POST")
    return found


def breaks(played: Played, tenant: Tenant, message: Any, body: bytes = b"{}") -> str:
    """Send a message; see that it ends the conversation, and give the reason."""

    def play(host: HostSide) -> None:
        host.begin()
        host.send(message, body)

    played.plays(play)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)
    return caught.value.reason


def test_every_method_that_may_be_asked_for_is_there():
    assert METHODS.keys() == BACKS.keys()


def test_records(played: Played, tenant: Tenant):
    def work(host: HostSide) -> Any:
        one = host.back("leads", "create", data={"last_name": "Lovelace"})
        two = host.back(
            "leads", "update", record_id=one["id"], changes={"last_name": "King"},
            if_version=one["version"],
        )  # fmt: skip
        more = host.back("leads", "create_many", items=[{"last_name": "Hopper"}])
        changed = host.back("leads", "update_many", changes={more[0]["id"]: {"last_name": "Rome"}})
        host.back("leads", "delete", record_id=more[0]["id"], if_version=None)
        got = host.back("leads", "get", record_id=one["id"])
        many = host.back("leads", "get_many", record_ids=[one["id"]])
        page = host.back("leads", "list", limit=5, cursor=None, filters={"q": "king"})
        return (
            two == got == many[0] == page["data"][0],
            changed[0]["last_name"],
            page["next_cursor"],
        )

    assert played_in(played, tenant, work) == [(True, "Rome", None)]


def test_settings_secrets_actor_and_workspace(played: Played, tenant: Tenant):
    def work(host: HostSide) -> Any:
        host.back("settings", "save", values={"word": "Ho"})
        host.back("log", "write", level="info", message="hello", fields={"message": "x"})
        return [
            host.back("settings", "all"),
            host.back("secrets", "all"),
            host.back("actor", "get")["kind"],
            host.back("workspace", "get")["name"],
        ]

    with capture_logs() as logs:
        secrets = played.stage.seal(key="s3cret")
        (found,) = played_in(played, tenant, work, secrets=secrets)

    assert found == [{"word": "Ho"}, {"key": "s3cret"}, "user", "North"]
    (line,) = [one for one in logs if one["event"] == "hello"]
    assert line["fields"] == {"message": "x"}
    assert played.stage.saved == [("extension", "sample", {"word": "Ho"})]


def test_storage(played: Played, tenant: Tenant):
    def work(host: HostSide) -> Any:
        host.back("storage", "put", key="a", value=[1], if_version=None)
        host.back("storage", "put_many", values={"b": 2})
        return [
            host.back("storage", "get", key="a")["value"],
            host.back("storage", "get", key="c"),
            sorted(host.back("storage", "get_many", keys=["a", "b", "c"])),
            len(host.back("storage", "list", prefix="", limit=10, cursor=None)["data"]),
            host.back("storage", "usage")["documents"],
            host.back("storage", "delete", key="a", if_version=None),
        ]

    assert played_in(played, tenant, work) == [[[1], None, ["a", "b"], 2, 2, True]]


@pytest.mark.parametrize(
    ("asked", "arguments", "error", "text"),
    [
        ("leads.get", {"record_id": "lead_none"}, NotFound, "There is no lead"),
        ("leads.create", {"data": {"colour": 1}}, Invalid, "colour"),
        ("deals.get_many", {"record_ids": ["x"]}, PermissionDenied, "read:deals"),
    ],
)
def test_a_door_that_refuses(
    played: Played,
    tenant: Tenant,
    asked: str,
    arguments: dict[str, Any],
    error: type[SdkError],
    text: str,
):
    def work(host: HostSide) -> str:
        with pytest.raises(error) as caught:
            host.back(*asked.split("."), **arguments)
        return str(caught.value)

    granted = ["read:leads", "write:leads"]
    assert text in played_in(played, tenant, work, granted=granted)[0]


def test_a_fault_of_the_core_says_nothing_of_it(
    played: Played, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def away(*_: object) -> None:
        raise RuntimeError("the password is 1234")

    def work(host: HostSide) -> str:
        with pytest.raises(SdkError) as caught:
            host.back("leads", "get", record_id="lead_1")
        return str(caught.value)

    monkeypatch.setattr(played.stage.crm.records["lead"], "get", away)
    with capture_logs() as logs:
        found = played_in(played, tenant, work)

    assert found == ["The core could not do it; its log says why."]
    assert [one["extension_id"] for one in logs if "a door failed" in one["event"]] == ["sample"]


def test_what_fits_into_no_message_is_refused(
    played: Played, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
):
    def work(host: HostSide) -> str:
        with pytest.raises(Invalid, match="ask for less at once") as caught:
            host.back("leads", "get", record_id="lead_1")
        return str(caught.value)

    huge = {"id": "lead_1", "notes": "x" * 5_000_000}
    monkeypatch.setattr(played.stage.crm.records["lead"], "get", lambda *_: huge)

    assert "50000" in played_in(played, tenant, work)[0]


@pytest.mark.parametrize(
    ("message", "body", "reason"),
    [
        (Back(1, 1, "leads", "drop_table"), b"{}", "there is no leads.drop_table"),
        (Back(1, 1, "_doors", "vault"), b"{}", "there is no _doors.vault"),
        (Back(1, 1, "leads", "get"), b'{"record_id": 7}', "wrong arguments for leads.get"),
        (Back(1, 1, "leads", "get"), b'{"record_id": "a", "b": 1}', "wrong arguments"),
        (Back(1, 1, "leads", "get"), b"nonsense", "wrong arguments"),
        (
            Back(1, 1, "leads", "list"),
            b'{"limit": 1, "cursor": null, "filters": {"self": "x"}}',
            "a filter has the name of an argument",
        ),
        (Back(9, 1, "leads", "get"), b"{}", "conversation 9"),
        (HttpBack(9, 1, "GET", "https://example.com", 1.0, ()), b"", "conversation 9"),
    ],
)
def test_what_the_sdk_never_sends_ends_the_conversation(
    played: Played, tenant: Tenant, message: Any, body: bytes, reason: str
):
    assert reason in breaks(played, tenant, message, body)


def test_calls_back_are_counted(played: Played, tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(conversation, "MOST_BACKS", 3)

    def play(host: HostSide) -> None:
        host.begin()
        for _ in range(4):
            host.back("actor", "get")

    played.plays(play)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed, match="sample") as caught:
        played.request(tenant)
    assert "more than 3 calls back" in caught.value.reason


def test_bytes_are_counted(played: Played, tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(conversation, "MOST_MOVED", 300)

    def play(host: HostSide) -> None:
        host.begin()
        for _ in range(100):
            host.back("workspace", "get")

    played.plays(play)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)
    assert "more than 300 bytes moved" in caught.value.reason


def test_headers_of_outside_are_cut_to_fit():
    many = {f"x-{number}": "y" for number in range(150)}
    assert len(fitting(many)) == 100
    assert fitting({"a": "x" * 9_000, "b" * 300: "x", "c": "d"}) == (("c", "d"),)
    assert fitting({"a": "x" * 8_000, "b": "y" * 8_000, "c": "d"}) == (
        ("a", "x" * 8_000),
        ("c", "d"),
    )


def test_outside_calls(played: Played, tenant: Tenant, monkeypatch: pytest.MonkeyPatch):
    seen: list[HttpRequest] = []

    def send(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse(201, {"x-pet": "cat"}, b"meow" * 1_000_000, 1.0)

    def work(host: HostSide) -> Any:
        url = "https://api.example.com/pets"
        wishes = (1, "order-7", "X-Request-Id", 0.0)
        reply, body = host.fetch("POST", url, b"x" * 600_000, wishes, Accept="text/plain")
        with pytest.raises(HttpNotAllowed):
            host.fetch("GET", "https://evil.example/")
        return reply.status, reply.headers, len(body)

    monkeypatch.setattr(played.stage.core.http, "request", send)
    network = [{"host": "api.example.com", "reason": "Pets live there."}]
    facts = {"built_in": False, "hooks": []}
    played.stage.put(tenant, QUIET, row=facts, network=network)
    found: list[Any] = []

    def play(host: HostSide) -> None:
        host.begin()
        found.append(work(host))
        host.answer()

    played.plays(play)
    played.request(tenant)
    assert found == [(201, (("x-pet", "cat"),), 4_000_000)]
    (request,) = seen
    assert (request.method, len(request.body)) == ("POST", 600_000)
    assert request.headers == {"Accept": "text/plain", "X-Request-Id": "order-7"}
    assert request.may_repeat
    assert request.deadline_seconds <= 5
