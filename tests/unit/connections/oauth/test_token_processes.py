"""Several processes that want the same token: one of them asks for it, the others get it."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.support.process import clean_environ
from tests.support.waiting import eventually

THREADS = 20


class Caller:
    """One process."""

    def __init__(self, made, settings):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.token_callers", made.id, str(THREADS)],
            env=clean_environ(**settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ready(self):
        lines = iter(self.process.stdout.readline, "")
        assert "ready\n" in lines

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def tokens(self):
        lines = [line for line in self.process.stdout if line.startswith('["')]
        assert self.process.wait(60) == 0
        return json.loads(lines[0])


@pytest.fixture
def start_callers():
    """Give a function that starts some, ready to go; they end with the test."""
    callers = []

    def start(made, count):
        settings = made.core.settings
        given = {
            "GEMINICRM_ENV": "test",
            "GEMINICRM_HOME": str(settings.home),
            "GEMINICRM_ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
            "GEMINICRM_DATABASE_URL": settings.database_url,
            "GEMINICRM_EGRESS_ALLOW": "127.0.0.0/8",
        }
        callers.extend(Caller(made, given) for _number in range(count))
        for caller in callers:
            caller.ready()
        return callers

    yield start
    for caller in callers:
        caller.process.kill()
        caller.process.communicate()


def expired(made):
    """Store a token that is over by the clock of every process."""
    made.put_token(seconds=0)
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    made.change(token_expires_at=long_ago, refresh_at=long_ago)


def test_forty_callers_of_two_processes_cause_one_request(
    sign_in_on_both, token_server, start_callers
):
    made = sign_in_on_both()
    expired(made)
    callers = start_callers(made, 2)
    for caller in callers:
        caller.go()
    assert [caller.tokens() for caller in callers] == [["access-1"] * THREADS] * 2
    assert token_server.count("refresh_token") == 1


def test_a_process_that_is_killed_while_it_asks_is_followed_at_once(
    sign_in_on_both, token_server, start_callers
):
    made = sign_in_on_both()
    expired(made)
    (caller,) = start_callers(made, 1)
    token_server.answers = [(200, {"access_token": "never-arrives"})]
    token_server.hold.clear()
    caller.go()
    eventually(lambda: token_server.asked, 30)
    caller.process.kill()
    caller.process.wait()
    token_server.hold.set()
    assert made.ask() == "access-1"
    assert token_server.count("refresh_token") == 2
