"""How a connection stands, for all workers: paused, probed, well again."""

import pytest
from sqlalchemy import select

from extensions.sdk.service_errors import RateLimited, ServiceUnavailable
from geminicrm.connections.models import Connection
from geminicrm.connections.outgoing.standing import FAILURES, PAUSE_SECONDS, WINDOW_SECONDS
from geminicrm.kernel.http import ConnectFailed

URL = "https://api.example.com/v1/charges"


@pytest.fixture
def two(caller):
    return caller.process(), caller.process()


def row_of(caller) -> Connection:
    with caller.core.works.across_workspaces("test: look") as work:
        return work.session.scalars(select(Connection)).one()


def fail(caller, client, service, times: int = FAILURES) -> None:
    service.answers(*[500] * times)
    for _ in range(times):
        client.send(caller.call(URL, retries=0))


def test_five_failures_pause_it_for_every_worker(caller, two, service):
    one, other = two
    fail(caller, one, service)
    with pytest.raises(ServiceUnavailable, match="Nothing was sent") as caught:
        other.send(caller.call(URL))
    assert (len(service.seen), caught.value.accepted, caught.value.retry_after) == (5, "no", 30)
    row = row_of(caller)
    assert (row.status, row.last_error_code) == ("failing", "service_unavailable")
    assert row.last_error == "Stripe answers 500."


def test_what_fails_in_a_command_is_not_written_down(caller, two, service):
    one, _ = two
    one.standing.guest = True
    fail(caller, one, service)
    assert (row_of(caller).paused_until, row_of(caller).last_error) == (None, None)


def test_four_failures_do_not_nor_five_that_are_far_apart(caller, two, service):
    one, _ = two
    fail(caller, one, service, FAILURES - 1)
    caller.pace.now += WINDOW_SECONDS + 1
    fail(caller, one, service, FAILURES - 1)
    assert row_of(caller).paused_until is None


def test_a_success_between_begins_the_count_anew(caller, two, service):
    one, _ = two
    fail(caller, one, service, FAILURES - 1)
    service.answers(404)
    one.send(caller.call(URL))
    fail(caller, one, service, FAILURES - 1)
    assert row_of(caller).paused_until is None


def test_after_the_pause_one_call_goes_ahead_and_ends_it(caller, two, service, clock):
    one, other = two
    fail(caller, one, service)
    clock.advance(PAUSE_SECONDS)
    refused = []

    def ask_meanwhile(asked):
        with pytest.raises(ServiceUnavailable) as caught:
            one.send(caller.call(URL))
        refused.append(caught.value)
        service.answers(200)
        return type(service).request(service, asked)

    service.request = ask_meanwhile
    assert other.send(caller.call(URL)).status == 200
    row = row_of(caller)
    assert (row.paused_until, row.status, row.last_error) == (None, "connected", None)
    assert len(refused) == 1


def test_a_probe_that_fails_opens_it_again_at_once(caller, two, service, clock):
    one, other = two
    fail(caller, one, service)
    clock.advance(PAUSE_SECONDS)
    service.does.append(ConnectFailed("refused", where="x", sent=False))
    with pytest.raises(ConnectFailed):
        other.send(caller.call(URL, retries=0))
    with pytest.raises(ServiceUnavailable):
        one.send(caller.call(URL))


def test_what_the_service_asks_to_wait_all_workers_wait(caller, two, service):
    one, other = two
    service.answers(429, retry_after="7")
    one.send(caller.call(URL, "POST"))
    service.answers(200)
    assert other.send(caller.call(URL, "POST")).status == 200
    assert caller.pace.slept == [7.0]


def test_who_has_not_so_long_is_told_when_to_come(caller, two, service):
    one, other = two
    service.answers(429, retry_after="40")
    one.send(caller.call(URL))
    with pytest.raises(RateLimited) as caught:
        other.send(caller.call(URL))
    assert (caught.value.retry_after, caught.value.accepted, len(service.seen)) == (40, "no", 1)


def test_refused_credentials_are_a_state_that_a_good_answer_ends(caller, two, service):
    one, _ = two
    service.answers(401, 200)
    one.send(caller.call(URL))
    row = row_of(caller)
    assert (row.status, row.last_error_code) == ("needs_reauth", "authentication_failed")
    one.send(caller.call(URL))
    assert row_of(caller).status == "connected"


def test_a_connection_that_goes_on_being_well_is_hardly_ever_written(caller, two, service, clock):
    one, _ = two
    service.answers(200, 200, 200)
    one.send(caller.call(URL))
    first = row_of(caller).last_ok_at
    clock.advance(10)
    one.send(caller.call(URL))
    assert row_of(caller).last_ok_at == first
    caller.pace.now += 301
    one.send(caller.call(URL))
    assert row_of(caller).last_ok_at > first
