"""Asking again: only where nothing has begun, or where twice does no harm."""

import threading

import pytest
from structlog.testing import capture_logs

from geminicrm.runtime.failures import ExtensionFailed, HostUnavailable
from geminicrm.runtime.host.control import Ensure
from geminicrm.runtime.host.messages import Goaway, Hello
from geminicrm.runtime.hosting.connections import MOST_IDLE
from geminicrm.runtime.hosting.endpoint import OutsideOfCall
from tests.support.core import Tenant
from tests.support.fake_hosts import HostSide, Played
from tests.support.waiting import eventually


def answers(host: HostSide) -> None:
    """Answer one request."""
    host.begin()
    host.answer(b"here I am")


def dies(host: HostSide) -> None:
    """Go away with a request begun."""
    host.begin()


def leaves(host: HostSide) -> None:
    """Say, without having begun, that another must be asked."""
    host.begin()
    host.send(Goaway())


def leaves_later(host: HostSide) -> None:
    """Say so in the middle, and do the work all the same."""
    host.begin()
    host.send(Goaway())
    host.back("workspace", "get")
    host.answer(b"the last one")


def dies_at_work(host: HostSide) -> None:
    """Say so, work, and go away."""
    host.begin()
    host.send(Goaway())
    host.back("workspace", "get")


def first(played: Played, script: object, then: object = answers) -> None:
    """Play one script on the first connection and another on all others."""
    scripts = [script]

    def play(host: HostSide) -> None:
        (scripts.pop() if scripts else then)(host)  # type: ignore[operator]  # both are scripts

    played.plays(play)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_harmless_request_is_asked_again(played: Played, tenant: Tenant, method: str):
    first(played, dies)
    played.put(tenant)

    assert played.request(tenant, method).body == b"here I am"
    assert len(played.supervisor.asked(Ensure)) == 2


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_that_may_have_been_done_is_not(played: Played, tenant: Tenant, method: str):
    first(played, dies)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant, method)

    assert caught.value.reason.startswith("its process ended (")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_one_that_was_not_begun_is(played: Played, tenant: Tenant, method: str):
    first(played, leaves)
    played.put(tenant)

    assert played.request(tenant, method).body == b"here I am"
    assert len(played.supervisor.asked(Ensure)) == 2


def test_twice_is_the_end(played: Played, tenant: Tenant):
    first(played, leaves, leaves)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed, match="its process ended"):
        played.request(tenant)
    assert played.supervisor.connected == 2


def test_a_host_that_leaves_ends_what_it_has_begun(played: Played, tenant: Tenant):
    first(played, leaves_later)
    played.put(tenant)

    assert played.request(tenant, "POST").body == b"the last one"
    assert played.request(tenant).body == b"here I am", "on a new connection"
    assert played.supervisor.connected == 2


def test_leaving_is_no_excuse_for_what_was_begun(played: Played, tenant: Tenant):
    first(played, dies_at_work)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed, match="its process ended"):
        played.request(tenant, "POST")


def test_an_idle_connection_that_says_anything_is_dropped(played: Played, tenant: Tenant):
    said = threading.Event()

    def play(host: HostSide) -> None:
        answers(host)
        host.send(Hello(1))
        said.set()

    first(played, play)
    played.put(tenant)
    assert played.request(tenant, "POST").body == b"here I am"
    assert said.wait(5)

    assert played.request(tenant, "POST").body == b"here I am"
    assert played.supervisor.connected == 2


def test_idle_connections_to_stopped_hosts_are_closed(played: Played, tenant: Tenant):
    played.plays(answers)
    played.put(tenant)
    played.request(tenant)
    endpoint = next(iter(played.stage.runtime.hosting._endpoints.values()))  # noqa: SLF001 - what it holds is the question
    pool = endpoint._pool  # noqa: SLF001 - as above
    assert len(pool) <= 1

    def gone() -> bool:
        played.stage.runtime.convergence.tidy()
        return len(pool) == 0

    assert eventually(gone)


def test_each_call_has_a_connection_of_its_own(played: Played, tenant: Tenant):
    together = threading.Barrier(2, timeout=10)
    rest = threading.Event()

    def play(host: HostSide) -> None:
        host.begin()
        together.wait()
        host.answer(b"both")
        rest.wait(10)

    played.plays(play)
    played.put(tenant)
    played.stage.find(tenant)
    given: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: given.append(played.request(tenant).body)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rest.set()

    assert given == [b"both", b"both"]
    assert played.supervisor.connected == 2
    assert MOST_IDLE == 4


def test_a_host_that_no_longer_listens_is_asked_for_anew(played: Played, tenant: Tenant):
    first(played, leaves_later)
    played.put(tenant)
    played.request(tenant)
    played.supervisor.refusing = 1

    assert played.request(tenant, "POST").body == b"here I am"
    assert len(played.supervisor.asked(Ensure)) == 2


def test_one_of_another_generation_is_not_talked_to(played: Played, tenant: Tenant):
    def play(host: HostSide) -> None:
        host.send(Goaway())

    played.plays(play)
    played.supervisor.hello = lambda _generation: Hello(7)
    played.put(tenant)
    with capture_logs(), pytest.raises(ExtensionFailed, match="its process ended"):
        played.request(tenant)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("load_failed", "ValueError: no luck (in import)"),
        ("locks_failed", "its process can't be locked up: ValueError: no luck"),
        ("timeout", "its process did not start: ValueError: no luck"),
        ("crashed", "its process ended (ValueError: no luck)"),
        ("crash_loop", "its process ended again and again (ValueError: no luck)"),
    ],
)
def test_no_host_is_a_failure_with_its_reason(
    played: Played, tenant: Tenant, code: str, reason: str
):
    played.put(tenant)
    played.refuses(code, "ValueError: no luck", doing="import", where="extension.py:1")
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)

    assert caught.value.reason == reason


@pytest.mark.parametrize("code", ["busy", "crashed"])
def test_what_passes_by_itself_is_no_failure(played: Played, tenant: Tenant, code: str):
    played.put(tenant)
    played.refuses(code, "1000 hosts run already", retry_after=2.0)
    with pytest.raises(HostUnavailable, match="1000 hosts run already") as caught:
        played.request(tenant)

    assert caught.value.headers["Retry-After"] == "2"
    assert played.stage.metrics.seen == [("sample", "route", "busy")]
    assert played.stage.runtime.calls.troubles(played.stage.find(tenant).id) == []


def test_nobody_calls_a_host_outside_of_a_call(played: Played, tenant: Tenant):
    played.put(tenant)
    with pytest.raises(OutsideOfCall):
        played.stage.find(tenant).loaded.extension.install()


def hangs_up(host: HostSide) -> None:
    """Leave at the first piece of a long body."""
    host.wire.receive(deadline=host.until)
    host.send(Goaway())


def test_a_host_that_leaves_over_a_long_body_has_not_begun(played: Played, tenant: Tenant):
    first(played, hangs_up)
    played.put(tenant)

    assert played.request(tenant, "POST", b"x" * 8_000_000).body == b"here I am"
