"""The activity log: every call is a line, late by a moment, never with a credential."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from geminicrm.connections.models import ConnectionCall
from geminicrm.connections.outgoing.call_log import CallLog, sweep
from geminicrm.kernel.http import HttpFailed, ResponseBroken
from tests.support.waiting import eventually
from tests.unit.connections.outgoing.conftest import KEY

URL = "https://api.example.com/v1/charges/ch_1?key=secret"


def rows(core) -> list[ConnectionCall]:
    with core.works.across_workspaces("test: look") as work:
        return list(work.session.scalars(select(ConnectionCall).order_by(ConnectionCall.at)))


def test_a_call_is_a_line(caller, service):
    client = caller.process()
    service.answers(503, 200)
    client.send(caller.call(URL))
    client.log.flush()
    (row,) = rows(caller.core)
    assert (row.connection_id, row.extension_id, row.operation) == (
        caller.connection_id, "stripe", "payments.take",
    )  # fmt: skip
    assert (row.method, row.host, row.path) == ("GET", "api.example.com", "/v1/charges/ch_1")
    assert (row.status, row.outcome, row.attempts, row.milliseconds) == (200, "ok", 2, 1000)
    assert (row.actor_kind, row.actor_id, row.detail) == ("user", caller.tenant.owner_id, "")


def test_what_the_service_said_is_kept_without_the_key(caller, service):
    client = caller.process()
    service.answers(200)
    answer = service.does[0]
    object.__setattr__(answer, "status", 401)
    object.__setattr__(answer, "body", f"Invalid API Key provided: {KEY}\x00".encode())
    client.send(caller.call(URL))
    client.log.flush()
    (row,) = rows(caller.core)
    assert (row.outcome, row.detail) == ("refused", "Invalid API Key provided: …")


@pytest.mark.parametrize(
    ("method", "sent", "outcome"),
    [("GET", True, "failed"), ("POST", False, "failed"), ("POST", True, "unknown")],
)
def test_what_became_of_a_call_without_an_answer(plain, client, service, method, sent, outcome):
    service.does.append(ResponseBroken("gone", where="x", sent=sent))
    with pytest.raises(HttpFailed):
        client.send(plain.call(URL, method, retries=0))
    client.log.flush()
    (row,) = rows(plain.core)
    assert (row.outcome, row.status, row.detail, row.connection_id) == (outcome, None, "gone", None)


def test_the_thread_writes_soon_and_the_rest_at_the_end(plain, client, service):
    service.answers(200, 200)
    client.send(plain.call(URL))
    eventually(lambda: len(rows(plain.core)) == 1)
    client.send(plain.call(URL))
    client.stop()
    assert len(rows(plain.core)) == 2


def test_what_does_not_fit_is_told(plain, client, service):
    log = client.log = CallLog(plain.core.works, lambda: None, most_waiting=2)
    log.stop()  # its thread would make room
    service.answers(*[200] * 5)
    for _ in range(5):
        client.send(plain.call(URL))
    log.flush()
    assert sorted(row.detail for row in rows(plain.core)) == [
        "", "", "3 calls came faster than they could be written down: they are missing.",
    ]  # fmt: skip


def test_what_can_not_be_written_waits_on(plain, client, service, monkeypatch):
    client.log.stop()  # its thread would write
    service.answers(200)
    client.send(plain.call(URL))
    with monkeypatch.context() as patch:
        patch.setattr(plain.core.works, "across_workspaces", lambda *_a, **_k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            client.log.flush()
    client.log.flush()
    assert len(rows(plain.core)) == 1


def test_lines_are_kept_for_thirty_days(plain, client, service, clock):
    service.answers(200, 200)
    client.send(plain.call(URL))
    clock.advance(timedelta(days=30, seconds=1).total_seconds())
    client.send(plain.call(URL, "HEAD"))
    client.log.flush()
    with plain.core.works.across_workspaces("test: sweep", write=True) as work:
        sweep(work)
    assert [row.method for row in rows(plain.core)] == ["HEAD"]


def test_calls_are_counted_by_extension_and_outcome(plain, client, service):
    service.answers(200, 404)
    client.send(plain.call(URL))
    client.send(plain.call(URL))
    text = plain.core.metrics.exposition()[0].decode()
    for outcome in ("ok", "refused"):
        name = "geminicrm_outside_call_seconds_count"
        assert f'{name}{{extension="stripe",outcome="{outcome}"}} 1.0' in text


def test_calls_are_counted_by_connection(caller, service):
    client = caller.process()
    service.answers(200, 500)
    client.send(caller.call(URL))
    client.send(caller.call(URL, retries=0))
    text = caller.core.metrics.exposition()[0].decode()
    about = f'{{connection="{caller.call(URL).opened.connection.id}",outcome='
    assert f'geminicrm_connection_call_seconds_count{about}"ok"}} 1.0' in text
    assert f'geminicrm_connection_call_seconds_count{about}"failed"}} 1.0' in text
    assert f'geminicrm_connection_call_seconds_sum{about}"ok"}}' in text
