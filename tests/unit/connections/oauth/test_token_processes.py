"""Several processes that want the same token: one of them asks for it, the others get it."""

from datetime import UTC, datetime

from tests.support.waiting import eventually

CALLERS = "tests.support.token_callers"
THREADS = 20


def expired(made):
    """Store a token that is over by the clock of every process."""
    made.put_token(seconds=0)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    made.change(token_expires_at=long_ago, refresh_at=long_ago)


def test_forty_callers_of_two_processes_cause_one_request(
    sign_in_on_both, token_server, start_beside
):
    made = sign_in_on_both()
    expired(made)
    callers = start_beside(made.core.settings, 2, CALLERS, made.id, str(THREADS))
    for caller in callers:
        caller.go()
    assert [caller.answer() for caller in callers] == [["access-1"] * THREADS] * 2
    assert token_server.count("refresh_token") == 1


def test_a_process_that_is_killed_while_it_asks_is_followed_at_once(
    sign_in_on_both, token_server, start_beside
):
    made = sign_in_on_both()
    expired(made)
    (caller,) = start_beside(made.core.settings, 1, CALLERS, made.id, str(THREADS))
    token_server.answers = [(200, {"access_token": "never-arrives"})]
    token_server.hold.clear()
    caller.go()
    eventually(lambda: token_server.asked, 30)
    caller.process.kill()
    caller.process.wait()
    token_server.hold.set()
    assert made.ask() == "access-1"
    assert token_server.count("refresh_token") == 2
