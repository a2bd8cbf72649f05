"""Tokens that nobody asks for are renewed in time; those of what has ended are given back."""

import pytest
from sqlalchemy.exc import OperationalError

from extensions.sdk.service_errors import NotConnected, ServiceUnavailable
from geminicrm.connections.models import UNTESTED
from geminicrm.connections.oauth.care import TokenWatch
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.runtime.models import Installation
from tests.support.waiting import eventually


def test_idle_tokens_are_renewed_before_they_end(sign_in_on_both, token_server, clock):
    made = sign_in_on_both()
    made.put_token(seconds=600)
    assert made.core.oauth.care.step() == 0
    clock.advance(541)
    assert made.core.oauth.care.step() == 1
    assert made.token.access == "access-1"
    assert made.core.oauth.care.step() == 0
    assert token_server.count("refresh_token") == 1


def test_what_can_not_be_renewed_waits_its_time(sign_in_to, token_server, clock):
    made = sign_in_to()
    made.put_token(seconds=0)
    token_server.answers = [(500, {})]
    assert [made.core.oauth.care.step() for _round in range(3)] == [1, 0, 0]
    clock.advance(5)
    assert made.core.oauth.care.step() == 1
    assert made.token.access == "access-1"


def test_what_is_switched_off_rests(sign_in_to):
    made = sign_in_to()
    made.put_token(seconds=0)
    made.change(active=False)
    assert made.core.oauth.care.step() == 0


def test_the_thread_goes_on_when_the_database_was_away(sign_in_to):
    made = sign_in_to()
    made.put_token(seconds=0)
    care = made.core.oauth.care
    rounds = iter([OperationalError("", {}, Exception())])

    class Shaky:
        def step(self):
            for error in rounds:
                raise error
            return care.step()

    watch = TokenWatch(Shaky(), seconds=0.01)
    watch.start()
    eventually(lambda: made.token.access == "access-1", 20)
    watch.stop()


def test_tokens_are_given_back_and_deleted(sign_in_on_both, token_server):
    made = sign_in_on_both()
    made.put_token()
    generation = made.core.generations.get(CONNECTIONS)
    made.core.oauth.revocation.revoke(made.connection, made.way)
    forms = [
        (one.path, one.form["token"], one.form["token_type_hint"]) for one in token_server.asked
    ]
    assert forms == [
        ("/revoke", "refresh-0", "refresh_token"),
        ("/revoke", "access-0", "access_token"),
    ]
    row = made.row
    assert (row.tokens, row.status, row.tokens_revision) == (None, UNTESTED, 2)
    assert (row.token_expires_at, row.refresh_at, row.scopes) == (None, None, [])
    assert made.core.generations.get(CONNECTIONS) > generation


@pytest.mark.parametrize("answer", [(503, {}), (400, {"error": "unsupported_token_type"})])
def test_they_are_deleted_whatever_the_service_says(sign_in_to, token_server, answer):
    made = sign_in_to()
    made.put_token(refresh="")
    token_server.answers = [answer]
    with pytest.raises(ServiceUnavailable) as caught:
        made.core.oauth.revocation.revoke(made.connection, made.way)
    assert "at the service" in caught.value.mend
    assert made.row.tokens is None


def test_a_service_without_revocation_is_not_asked(sign_in_to, token_server):
    made = sign_in_to(revocation_url=None)
    made.put_token()
    made.core.oauth.revocation.revoke(made.connection, made.way)
    assert (made.row.tokens, token_server.asked) == (None, [])


def test_revoking_what_is_gone_is_harmless(sign_in_to, token_server):
    made = sign_in_to()
    made.put_token()
    connection, way = made.connection, made.way
    with made.core.works.write(made.tenant.system()) as work:
        work.session.delete(work.get(type(made.row), made.id))
    made.core.oauth.revocation.revoke(connection, way)
    assert token_server.asked == []


def test_without_its_integration_nothing_can_be_renewed(sign_in_to):
    made = sign_in_to()
    made.put_token(seconds=0)
    connection, way = made.connection, made.way
    with made.core.works.write(made.tenant.system()) as work:
        work.session.delete(work.get(Installation, connection.installation_id))
    filled = made.core.oauth.care._filled  # noqa: SLF001 - what app.py handed in
    with pytest.raises(NotConnected):
        filled(connection)
    assert made.core.oauth.tokens.refused(connection, way, "access-0") is None
