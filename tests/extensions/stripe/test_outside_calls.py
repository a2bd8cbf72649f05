"""What the client behind `app.http` does for an integration, in process and in a host."""

import contextlib

import pytest
from sqlalchemy import select

from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import RateLimited, ServiceUnavailable
from geminicrm.connections.models import Connection, ConnectionCall, ConnectionUse
from tests.support.connecting import ask, connect

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(open_built_in, monkeypatch):
    made = open_built_in("stripe")
    monkeypatch.setattr(made.core.runtime.outside.pace, "sleep", lambda _seconds: None)
    return made


def only(made, model):
    made.core.runtime.outside.log.flush()
    with made.core.works.across_workspaces("test: look") as work:
        return work.session.scalars(select(model)).one()


def test_a_call_is_repeated_counted_and_logged(stripe, outside):
    via = connect(stripe, api_key=KEY, base_url=outside.url)
    outside.answers = [(503, {}), (429, {}), (200, {"livemode": True})]
    ask(stripe, "connection", "test_connection", via=via)
    assert len(outside.calls) == 3
    line = only(stripe, ConnectionCall)
    assert (line.connection_id, line.operation) == (via, "connection.test_connection")
    assert (line.method, line.path, line.status) == ("GET", "/v1/balance", 200)
    assert (line.outcome, line.attempts) == ("ok", 3)
    # Of turns that are taken two at once one may lapse where the machine is busy.
    assert only(stripe, ConnectionUse).used in {3, 4}
    assert only(stripe, Connection).status == "connected"


def test_a_pause_is_told_as_it_is(stripe, outside):
    via = connect(stripe, api_key=KEY, base_url=outside.url)
    outside.answers = [(500, {"livemode": True})]
    for _ in range(5):
        with contextlib.suppress(SdkError):  # what an integration makes of it is its own business
            ask(stripe, "connection", "test_connection", via=via)
    sent = len(outside.calls)
    with pytest.raises(ServiceUnavailable, match="Nothing was sent") as caught:
        ask(stripe, "connection", "test_connection", via=via)
    assert (caught.value.accepted, len(outside.calls)) == ("no", sent)


def test_what_the_limits_do_not_let_through_is_rate_limited(stripe, outside):
    via = connect(stripe, api_key=KEY, base_url=outside.url)
    outside.answers = [(200, {"livemode": True})]
    ask(stripe, "connection", "test_connection", via=via)
    with stripe.core.works.across_workspaces("test: use it up", write=True) as work:
        work.session.scalars(select(ConnectionUse)).one().tat = 4_000_000_000.0
    with pytest.raises(RateLimited) as caught:
        ask(stripe, "connection", "test_connection", via=via)
    assert caught.value.retry_after > 1000
    assert len(outside.calls) == 1
