"""Keys and certificates of services: asked for rarely, and never without end."""

import pytest

from geminicrm.kernel.http import HttpResponse, HttpTimeout
from geminicrm.webhooks.incoming.fetching import (
    FAILED_SECONDS,
    KEPT_SECONDS,
    MOST_KEPT,
    Fetched,
)

URL = "https://keys.example/certs"
SLOW = HttpTimeout("slow", where=URL, stage="read", sent=True)


class Keys:
    """Gives the answers that a test has put there, and notes what was asked."""

    def __init__(self):
        self.answers, self.asked, self.now = [], [], 0.0

    def request(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return HttpResponse(status=status, headers={}, body=body, elapsed_ms=1.0)


@pytest.fixture
def keys():
    return Keys()


@pytest.fixture
def fetch(keys):
    return Fetched(keys, lambda: keys.now)


def test_what_was_fetched_is_kept_for_hours(keys, fetch):
    keys.answers = [(200, b"one"), (200, b"two")]
    assert [fetch(URL), fetch(URL)] == [b"one", b"one"]
    keys.now = KEPT_SECONDS
    assert fetch(URL) == b"two"
    assert {one.https_only for one in keys.asked} == {True}


@pytest.mark.parametrize(
    "answer", [(404, b"gone"), HttpTimeout("slow", where=URL, stage="read", sent=True)]
)
def test_a_failure_is_remembered_for_a_moment(keys, fetch, answer):
    keys.answers = [answer, (200, b"one")]
    with pytest.raises(LookupError):
        fetch(URL)
    keys.now = FAILED_SECONDS - 1
    with pytest.raises(LookupError):
        fetch(URL)
    assert len(keys.asked) == 1
    keys.now = FAILED_SECONDS
    assert fetch(URL) == b"one"


def test_strangers_can_not_fill_the_memory(keys, fetch):
    keys.answers = [(200, b"x")] * (MOST_KEPT + 2)
    found = [fetch(f"{URL}/{number}") for number in range(MOST_KEPT + 1)]
    assert (len(found), len(fetch._kept)) == (MOST_KEPT + 1, 1)  # noqa: SLF001 - the memory itself is what this is about
