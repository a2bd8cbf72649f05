"""Requests to a host: what it is shown, what it may answer."""

import pytest
from structlog.testing import capture_logs

from extensions.sdk.errors import Conflict, NotFound, PermissionDenied
from geminicrm.runtime.dispatch import inner_environ
from geminicrm.runtime.failures import ExtensionFailed, ExtensionTimeout, RemoteFailure
from geminicrm.runtime.host.control import Ensure, Retire
from geminicrm.runtime.host.messages import Answer, Chunk, Failed, Goaway, Raised, Request, Value
from geminicrm.runtime.host.raised import facts_of
from geminicrm.runtime.hosting.answers import answer_of
from tests.support.core import Tenant
from tests.support.fake_hosts import ENVIRON, HostSide, Played


def test_a_request_is_shown_as_it_is_in_process(played: Played, tenant: Tenant):
    seen: list[tuple[Request, bytes]] = []

    def play(host: HostSide) -> None:
        seen.append(host.begin())
        host.answer(b"meow", "201 CREATED", **{"Content-Type": "text/plain"})

    played.plays(play)
    played.put(tenant)
    answer = played.request(tenant, "POST", b"a long cat" * 100_000)

    assert (answer.status, answer.body) == ("201 CREATED", b"meow")
    assert answer.headers == [("Content-Type", "text/plain")]
    ((request, body),) = seen
    assert body == b"a long cat" * 100_000
    assert (request.method, request.path, request.query) == ("POST", ENVIRON["PATH_INFO"], "a=1")
    assert (request.scheme, request.server, request.port) == ("https", "crm.example", "443")
    assert sorted(request.headers) == [("content-type", "text/plain"), ("x-pet", "cat")]
    assert 4 < request.seconds <= 5


def test_conversations_follow_each_other_on_one_connection(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        for word in (b"one", b"two", b"three"):
            host.begin()
            host.answer(word)

    played.plays(play)
    played.put(tenant)

    assert [played.request(tenant).body for _ in range(3)] == [b"one", b"two", b"three"]
    assert played.supervisor.connected == 1
    (question,) = played.supervisor.asked(Ensure)
    assert question.spec.locked
    assert question.spec.extension_id == "sample"
    assert not question.draft


def test_a_long_answer_comes_in_pieces(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.answer(b"x" * 3_000_000)
        host.begin()
        host.answer(b"y" * (10 * 1024 * 1024 + 1))

    played.plays(play)
    played.put(tenant)

    assert len(played.request(tenant).body) == 3_000_000
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)
    assert "longer than 10485760 bytes" in caught.value.reason


def test_an_answer_may_call_back_while_it_is_made(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Answer(host.number, "200 OK", (), more=True), b"hello ")
        name = host.back("workspace", "get")["name"]
        host.send(Chunk(host.number, more=False), name.encode())

    played.plays(play)
    played.put(tenant)

    assert played.request(tenant).body == b"hello North"


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Failed(1, "extension.py:3 in parts", "ValueError: half way"), "ValueError: half way"),
        (Value(1), "Value came instead of the rest of a body"),
        (Failed(2, "", ""), "Failed of conversation 2 came in 1"),
    ],
    ids=range(3),
)
def test_an_answer_that_fails_half_way_is_a_failure(
    played: Played, tenant: Tenant, ending: Failed | Value, reason: str
):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Answer(host.number, "200 OK", (), more=True), b"begun")
        host.send(ending)

    played.plays(play)
    played.put(tenant)

    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)
    assert reason in caught.value.reason


def test_errors_of_the_sdk_are_answers(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Raised(host.number, facts_of(NotFound("pet", "7"))))
        host.begin()
        host.send(Raised(host.number, facts_of(Conflict("changed"))))

    played.plays(play)
    played.put(tenant)

    missing, conflict = played.request(tenant), played.request(tenant)
    assert missing.status == "404 NOT FOUND"
    assert b"There is no pet with the id 7." in missing.body
    assert conflict.status == "409 CONFLICT"


def test_a_failure_has_its_place(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Failed(host.number, "routes.py:3 in x", "ValueError: no luck"))
        host.begin()
        host.answer(b"the host goes on")

    played.plays(play)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)

    assert (caught.value.where, caught.value.reason) == ("routes.py:3 in x", "ValueError: no luck")
    assert played.request(tenant).body == b"the host goes on"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK\r\nSet-Cookie: a=b", ()),
        ("99 Low", ()),
        ("101 Switching", ()),
        ("OK", ()),
        ("200 Ö", ()),
        ("200 OK", (("X-Pet", "cat\r\nSet-Cookie: a=b"),)),
        ("200 OK", (("X-Pet\n", "cat"),)),
        ("200 OK", (("X-Pet", "\u20ac"),)),
        ("200 OK", (("", "cat"),)),
    ],
)
def test_what_a_server_must_not_send_is_a_failure(
    played: Played, tenant: Tenant, status: str, headers: tuple[tuple[str, str], ...]
):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Answer(host.number, status, headers))

    played.plays(play)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed, match="answers with"):
        played.request(tenant)


def test_a_request_that_no_message_can_hold_is_refused(played: Played, tenant: Tenant):
    played.plays(lambda host: host.wire.receive(deadline=host.until))
    played.put(tenant)

    for changes in ({"PATH_INFO": "/" * 9_000}, {"HTTP_X_PET": "x" * 9_000}):
        inner = inner_environ({**ENVIRON, **changes}, b"")
        answer = played.run(tenant, lambda loaded, inner=inner: loaded.answer(inner))
        assert answer.status.startswith("413")
    many = {f"HTTP_X_{number}": "x" * 300 for number in range(90)}
    inner = inner_environ({**ENVIRON, **many}, b"")
    answer = played.run(tenant, lambda loaded: loaded.answer(inner))
    assert answer.status.startswith("413"), "each header fits, all of them do not"


def test_a_host_that_does_not_answer_is_ended(played: Played, tenant: Tenant):
    played.plays(lambda host: (host.begin(), host.wire.receive(deadline=host.until)))
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionTimeout):
        played.request(tenant, seconds=0.05)

    (retired,) = played.supervisor.asked(Retire)
    assert (retired.generation, retired.grace) == (1, 1.0)
    trouble = played.stage.runtime.calls.troubles(played.stage.find(tenant).id)
    assert [one.kind for one in trouble] == ["route"]
    assert played.stage.metrics.seen == [("sample", "route", "timeout")]


def test_a_slow_drip_does_not_outlive_the_deadline(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Answer(host.number, "200 OK", (), more=True), b"x")
        for _ in range(10_000):
            host.send(Chunk(host.number, more=True), b"x")

    played.plays(play)
    played.put(tenant)
    with capture_logs(), pytest.raises((ExtensionTimeout, ExtensionFailed)):
        played.request(tenant, seconds=0.0)


@pytest.mark.parametrize(
    "message",
    [
        Value(1),
        Answer(2, "200 OK", ()),
        Chunk(1, more=False),
    ],
)
def test_an_answer_out_of_place_breaks_the_conversation(
    played: Played, tenant: Tenant, message: object
):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(message)

    played.plays(play)
    played.put(tenant)
    with capture_logs() as logs, pytest.raises(ExtensionFailed, match="protocol"):
        played.request(tenant)

    (line,) = [one for one in logs if "does not keep to the protocol" in one["event"]]
    assert line["extension_id"] == "sample"


@pytest.mark.parametrize("scope", ['read:x", realm="', "read:x\r\nSet-Cookie: a=b", "\u20ac", ""])
def test_a_scope_that_no_header_can_hold_is_a_failure(played: Played, tenant: Tenant, scope: str):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Raised(host.number, facts_of(PermissionDenied(scope))))

    played.plays(play)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)
    assert caught.value.reason.startswith("PermissionDenied: ")


def test_a_host_may_announce_its_leaving_in_the_middle_of_an_answer(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Answer(host.number, "200 OK", (), more=True), b"one ")
        host.send(Goaway())
        host.send(Chunk(host.number, more=False), b"two")

    played.plays(play)
    played.put(tenant)
    assert [played.request(tenant).body for _ in range(2)] == [b"one two"] * 2
    assert played.supervisor.connected == 2


def test_another_answer_in_the_middle_of_one_breaks_the_conversation(
    played: Played, tenant: Tenant
):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Answer(host.number, "200 OK", (), more=True), b"one ")
        host.send(Answer(host.number, "200 OK", ()), b"two")

    played.plays(play)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)
    assert "came instead of the rest of a body" in caught.value.reason


def test_nothing_but_an_answer_answers():
    with pytest.raises(RemoteFailure, match="answers with Value"):
        answer_of(Value(1), b"")
