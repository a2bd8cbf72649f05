"""Answers that serve again for as long as the caller said."""

import pytest

from geminicrm.connections.outgoing.cache import MOST_ANSWERS, MOST_OF_ONE
from geminicrm.kernel.http import HttpResponse

URL = "https://api.example.com/v1/plans"


@pytest.mark.parametrize(("seconds", "sent"), [(0.0, 2), (60.0, 1)])
def test_an_answer_serves_for_so_long(plain, client, service, seconds, sent):
    service.answers(200, 200, 200)
    for _ in range(2):
        client.send(plain.call(URL, cache_seconds=seconds))
    assert len(service.seen) == sent
    plain.pace.now += 61
    client.send(plain.call(URL, cache_seconds=seconds))
    assert len(service.seen) == sent + 1


@pytest.mark.parametrize(
    ("method", "status", "headers", "body"),
    [
        ("POST", 200, {}, b""),
        ("GET", 404, {}, b""),
        ("GET", 200, {"cache-control": "private, No-Store"}, b""),
        ("GET", 200, {}, b"x" * (MOST_OF_ONE + 1)),
    ],
    ids=["a change", "an error", "not to be stored", "too large"],
)
def test_some_answers_are_not_kept(plain, client, service, method, status, headers, body):  # noqa: PLR0913, PLR0917 - four are parameters of the test
    service.does += [HttpResponse(status, headers, body, 1.0)] * 2
    for _ in range(2):
        client.send(plain.call(URL, method, cache_seconds=60.0))
    assert len(service.seen) == 2


def test_what_has_not_changed_is_not_sent_again(plain, client, service):
    service.does += [HttpResponse(200, {"etag": '"1"'}, b"plans", 1.0)]
    service.answers(304)
    client.send(plain.call(URL, cache_seconds=60.0))
    plain.pace.now += 61
    again = client.send(plain.call(URL, cache_seconds=60.0))
    assert (again.status, again.body) == (200, b"plans")
    assert [asked.headers.get("If-None-Match") for asked in service.seen] == [None, '"1"']
    client.send(plain.call(URL, cache_seconds=60.0))
    assert len(service.seen) == 2


def test_who_asks_for_news_by_himself_gets_what_the_service_says(plain, client, service):
    service.answers(304, 304)
    asked = {"headers": {"If-None-Match": '"9"'}}
    for _ in range(2):
        answer = client.send(plain.call(URL, cache_seconds=60.0, request=asked))
        assert answer.status == 304


def test_nobody_gets_the_answer_of_another(plain, client, service):
    service.answers(200, 200)
    for whose in ("inst_1", "inst_2"):
        client.send(plain.call(URL, cache_seconds=60.0, installation_id=whose))
    assert len(service.seen) == 2


def test_the_answer_that_was_used_least_goes_first(plain, client, service):
    service.answers(*[200] * (MOST_ANSWERS + 3))
    for number in range(MOST_ANSWERS):
        client.send(plain.call(f"{URL}/{number}", cache_seconds=60.0))
    for number in (0, MOST_ANSWERS, 0, 1):
        client.send(plain.call(f"{URL}/{number}", cache_seconds=60.0))
    assert len(service.seen) == MOST_ANSWERS + 2
