"""Which calls are made again, when, and which never are."""

from email.utils import formatdate

import pytest

from geminicrm.connections.outgoing.retrying import retry_after
from geminicrm.kernel.http import ConnectFailed, HttpFailed, HttpResponse, ResponseBroken

URL = "https://api.example.com/v1/charges"
OK = HttpResponse(200, {}, b"{}", 1.0)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_repeated_three_times(plain, client, service, method, status):
    service.answers(*[status] * 3, 200)
    assert client.send(plain.call(URL, method)).status == 200
    assert (len(service.seen), plain.pace.slept) == (4, [1.0, 2.0, 4.0])


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_after_so_many_repetitions_the_last_answer_is_it(plain, client, service, retries):
    service.answers(*[503] * (retries + 1))
    assert client.send(plain.call(URL, retries=retries)).status == 503
    assert len(service.seen) == retries + 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_other_answers_are_final(plain, client, service, status):
    service.answers(status)
    assert client.send(plain.call(URL)).status == status
    assert len(service.seen) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_change_is_not_repeated_after_an_answer(plain, client, service, method, status):
    service.answers(status)
    assert client.send(plain.call(URL, method)).status == status
    assert len(service.seen) == 1


def test_a_change_is_not_repeated_where_it_may_have_been_done(plain, client, service):
    service.does += [ResponseBroken("gone", where="x", sent=True)]
    with pytest.raises(HttpFailed):
        client.send(plain.call(URL, "POST"))
    assert len(service.seen) == 1


def test_a_change_is_repeated_where_nothing_was_sent(plain, client, service):
    service.does += [ConnectFailed("refused", where="x", sent=False), OK]
    assert client.send(plain.call(URL, "POST")).status == 200
    assert len(service.seen) == 2


def test_a_change_with_a_key_is_repeated_with_the_same_key(plain, client, service):
    service.does += [
        HttpResponse(500, {}, b"", 1.0),
        ResponseBroken("gone", where="x", sent=True),
        OK,
    ]
    keyed = {"headers": {"Idempotency-Key": "k1"}, "repeatable": True}
    assert client.send(plain.call(URL, "POST", request=keyed)).status == 200
    assert [asked.headers["Idempotency-Key"] for asked in service.seen] == ["k1"] * 3


@pytest.mark.parametrize("asked", ["7", formatdate(1_800_000_007, usegmt=True)])
def test_the_service_says_how_long_to_wait(plain, client, service, asked):
    service.answers(503, retry_after=asked)
    service.answers(200)
    client.send(plain.call(URL))
    assert plain.pace.slept == [7.0]


@pytest.mark.parametrize("text", ["", "soon", "-3", "1.5", "٣", "Wed, 99 Foo 2026"])
def test_a_wait_that_can_not_be_read_is_none(pace, text):
    assert retry_after({"retry-after": text}, pace) is None


def test_nothing_goes_on_past_the_deadline(plain, client, service):
    service.answers(503, retry_after="31")
    assert client.send(plain.call(URL)).status == 503
    assert (len(service.seen), plain.pace.slept) == (1, [])


def test_each_attempt_has_what_is_left(plain, client, service):
    service.answers(503, 503, 200)
    client.send(plain.call(URL))
    assert [asked.deadline_seconds for asked in service.seen] == [30.0, 29.0, 27.0]
