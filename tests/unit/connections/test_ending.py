"""Ending connections: the service is told first, and keeps nobody from it."""

import pytest

from extensions.sdk.service_errors import ServiceUnavailable
from geminicrm.connections.ending import Ending
from geminicrm.connections.listing import every
from geminicrm.kernel.errors import Forbidden, NotFound
from tests.support.connecting import connect

KEY = "sk_test_of_north_0123456789"


class Told:
    """A service that is told to end, and a revoker; both note it."""

    def __init__(self, error=None):
        self.calls = []
        self.error = error

    def end(self, actor, connection_id):
        self.calls.append(("end", actor.workspace_id, connection_id))
        self._fail()

    def revoke(self, connection, way):
        self.calls.append(("revoke", connection.id, way.type))
        self._fail()

    def _fail(self):
        if self.error is not None:
            raise self.error


@pytest.fixture
def stripe(open_built_in):
    return open_built_in("stripe")


def ending(made, told):
    return Ending(made.core.connections.book, told.end, told)


def left(made):
    with made.core.works.read(made.tenant.owner()) as work:
        return [row.id for row in every(work)]


def test_the_service_is_told_then_the_connection_goes(stripe):
    connection, told = connect(stripe, api_key=KEY), Told()
    assert ending(stripe, told).end(stripe.tenant.owner(), connection) == ()
    assert told.calls == [
        ("end", stripe.tenant.id, connection),
        ("revoke", connection, "bearer"),
    ]
    assert left(stripe) == []


def test_a_service_that_does_not_answer_keeps_nobody(stripe):
    connection = connect(stripe, api_key=KEY)
    told = Told(ServiceUnavailable(f"503 for {KEY}"))
    warnings = ending(stripe, told).end(stripe.tenant.owner(), connection)
    assert len(told.calls) == len(warnings) == 2
    assert "service_unavailable" in warnings[0]
    assert KEY not in str(warnings)
    assert left(stripe) == []


def test_who_may_not_end_it_tells_nobody(stripe):
    connection, told = connect(stripe, api_key=KEY), Told()
    reader = stripe.tenant.owner("read:integrations", "connect:accounts")
    with pytest.raises(Forbidden):
        ending(stripe, told).end(reader, connection)
    with pytest.raises(NotFound):
        ending(stripe, told).end(stripe.tenant.owner(), "conn_none")
    assert (told.calls, left(stripe)) == ([], [connection])


def test_an_extension_that_leaves_tells_about_each(stripe):
    first, second = connect(stripe, api_key=KEY), connect(stripe, api_key=KEY)
    told = Told()
    assert ending(stripe, told).leave(stripe.tenant.owner(), "stripe") == ()
    assert [one[2] for one in told.calls if one[0] == "end"] == [first, second]
    assert ending(stripe, told).leave(stripe.tenant.owner(), "hello-routes") == ()


def test_an_uninstall_ends_the_connections(stripe, monkeypatch):
    connect(stripe, api_key=KEY)
    told = Told()
    monkeypatch.setattr(stripe.core.connections.ending, "_end", told.end)
    stripe.core.life_cycle.uninstall(stripe.tenant.owner(), "stripe")
    assert [one[0] for one in told.calls] == ["end"]
    assert left(stripe) == []
