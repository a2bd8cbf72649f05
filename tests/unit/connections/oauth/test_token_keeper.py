"""Access tokens: handed out while they hold, renewed once, kept when the service is away."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from extensions.sdk.service_errors import AuthenticationError, ServiceUnavailable
from geminicrm.connections.models import CONNECTED, FAILING, NEEDS_REAUTH
from geminicrm.connections.oauth import keeper as keeper_module
from geminicrm.kernel.generation import CONNECTIONS
from geminicrm.kernel.owners import own_name
from geminicrm.notifications.models import Notification
from tests.support.waiting import eventually

ELSEWHERE = "other-machine|boot|1|7|99"


def notices_of(made):
    with made.core.works.read(made.tenant.system()) as work:
        return work.session.query(Notification).all()


def test_a_token_that_holds_is_handed_out_as_it_is(sign_in_on_both, token_server):
    made = sign_in_on_both()
    made.put_token(seconds=3600)
    assert made.ask() == "access-0"
    assert token_server.asked == []


@pytest.mark.parametrize("seconds", [59, 0, -5, -86_400])
def test_one_that_ends_is_renewed_and_stored(sign_in_on_both, token_server, seconds):
    made = sign_in_on_both()
    made.put_token(seconds=seconds)
    generation = made.core.generations.get(CONNECTIONS)
    assert made.ask() == "access-1"
    assert made.ask() == "access-1"
    (asked,) = token_server.asked
    assert asked.form == {"grant_type": "refresh_token", "refresh_token": "refresh-0"}
    assert asked.authorization.startswith("Basic ")
    row, stored = made.row, made.token
    assert (stored.access, stored.refresh) == ("access-1", "refresh-1")
    assert (row.tokens_revision, row.revision, row.refresh_owner) == (2, 2, None)
    left = (row.token_expires_at - made.core.works.clock.now()).total_seconds()
    ahead = (row.token_expires_at - row.refresh_at).total_seconds()
    assert left == 3600
    assert 60 <= ahead <= 90
    assert made.core.generations.get(CONNECTIONS) > generation
    assert "access-1" not in row.tokens


def test_a_rotated_refresh_token_is_kept_and_used(sign_in_on_both, token_server, clock):
    made = sign_in_on_both()
    made.put_token(seconds=0)
    made.ask()
    assert made.token.refresh == "refresh-1"
    clock.advance(3600)
    token_server.more = {"refresh_token": None}
    assert made.ask() == "access-2"
    assert made.token.refresh == "refresh-1"


def test_twenty_threads_cause_one_request(sign_in_on_both, token_server):
    made = sign_in_on_both()
    made.put_token(seconds=0)
    token_server.hold.clear()
    connection, way = made.connection, made.way
    with ThreadPoolExecutor(20) as pool:
        found = [
            pool.submit(made.core.oauth.tokens.access_token, connection, way) for _ in range(20)
        ]
        threading.Timer(0.2, token_server.hold.set).start()
        assert {one.result() for one in found} == {"access-1"}
    assert token_server.count("refresh_token") == 1


def test_a_withdrawn_grant_needs_a_person_and_is_told_once(sign_in_on_both, token_server):
    made = sign_in_on_both()
    made.put_token(seconds=0)
    token_server.answers = [(400, {"error": "invalid_grant", "error_description": "gone"})]
    with pytest.raises(AuthenticationError) as caught:
        made.ask()
    assert "Sign in again" in caught.value.mend
    with pytest.raises(AuthenticationError, match="connected again"):
        made.ask()
    row = made.row
    assert (row.status, row.last_error_code) == (NEEDS_REAUTH, "invalid_grant")
    assert len(token_server.asked) == 1
    (notice,) = notices_of(made)
    assert notice.count == 1
    assert notice.link == f"/integrations/{made.id}"
    assert "Sign in again" in notice.body
    assert made.core.oauth.care.step() == 0


def test_wrong_client_credentials_say_where_to_look(sign_in_to, token_server):
    made = sign_in_to()
    made.put_token(seconds=0)
    token_server.answers = [(401, {"error": "invalid_client"})]
    with pytest.raises(AuthenticationError) as caught:
        made.ask()
    assert "client secret" in caught.value.mend


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"error": "server_error"}),
        (503, "<html>down</html>"),
        (429, {"error": "too_many"}),
        (400, {"error": "temporarily_unavailable"}),
        (302, ""),
        (200, "not json"),
        (200, []),
        (200, {"token_type": "Bearer"}),
        (404, ""),
    ],
)
def test_a_service_that_is_away_is_asked_again_later(sign_in_to, token_server, clock, answer):
    made = sign_in_to()
    made.put_token(seconds=30)
    token_server.answers = [answer]
    assert made.ask() == "access-0"
    assert made.ask() == "access-0"
    assert len(token_server.asked) == 1
    assert (made.row.status, made.row.refresh_failures) == (CONNECTED, 1)
    clock.advance(6)
    assert made.ask() == "access-1"
    assert (made.row.refresh_failures, made.row.last_error) == (0, None)


def test_pauses_grow_and_the_token_that_is_over_is_not_handed_out(sign_in_to, token_server, clock):
    made = sign_in_to()
    made.put_token(seconds=0)
    token_server.answers = [(500, {})] * 2
    for pause in (5, 10):
        with pytest.raises(ServiceUnavailable):
            made.ask()
        with pytest.raises(ServiceUnavailable) as caught:
            made.ask()
        assert caught.value.retry_after == pause + 1
        clock.advance(pause)
    assert made.row.status == FAILING
    assert made.ask() == "access-1"
    assert made.row.status == CONNECTED
    assert len(token_server.asked) == 3


def test_the_service_says_when_to_come_again(sign_in_to, token_server):
    made = sign_in_to()
    made.put_token(seconds=0)
    token_server.answers, token_server.headers = [(503, {})], {"Retry-After": "120"}
    with pytest.raises(ServiceUnavailable) as caught:
        made.ask()
    assert caught.value.retry_after == 120
    assert made.row.refresh_at == made.core.works.clock.now() + timedelta(seconds=120)


def test_a_service_that_nobody_reaches_keeps_the_token(sign_in_to):
    made = sign_in_to(config={"base_url": "http://127.0.0.1:1"})
    made.put_token(seconds=30)
    assert made.ask() == "access-0"
    assert made.row.last_error_code == "token_unavailable"


def test_who_was_never_signed_in_is_told_so(sign_in_to):
    with pytest.raises(AuthenticationError, match="has not been signed in"):
        sign_in_to().ask()


def test_a_connection_that_is_gone_has_no_token(sign_in_to):
    made = sign_in_to()
    made.put_token(seconds=0)
    connection, way = made.connection, made.way
    with made.core.works.write(made.tenant.system()) as work:
        work.session.delete(work.get(type(made.row), made.id))
    with pytest.raises(AuthenticationError, match="removed"):
        made.core.oauth.tokens.access_token(connection, way)


def test_a_token_that_was_refused_is_renewed_once(sign_in_on_both, token_server):
    made = sign_in_on_both()
    made.put_token()
    tokens, connection, way = made.core.oauth.tokens, made.connection, made.way
    assert tokens.refused(connection, way, "access-0") == "access-1"
    assert tokens.refused(connection, way, "access-0") == "access-1"
    assert tokens.refused(connection, way, "access-1") is None
    assert token_server.count("refresh_token") == 1


@pytest.mark.parametrize(("refresh", "answers"), [("refresh-0", [(500, {})]), ("", [])])
def test_without_another_token_the_refusal_stands(sign_in_to, token_server, refresh, answers):
    made = sign_in_to()
    made.put_token(seconds=None, refresh=refresh)
    token_server.answers = answers
    assert made.core.oauth.tokens.refused(made.connection, made.way, "access-0") is None
    assert (made.row.status == NEEDS_REAUTH) == (not refresh)


@pytest.mark.parametrize(
    "holder", [f"{own_name().rpartition('|')[0]}|0", None, ELSEWHERE], ids=["dead", "none", "over"]
)
def test_who_was_killed_while_renewing_is_followed(sign_in_on_both, token_server, clock, holder):
    made = sign_in_on_both()
    made.put_token(seconds=0)
    ends = {ELSEWHERE: -1}.get(holder, 20)
    until = clock.now() + timedelta(seconds=ends)
    made.change(refresh_owner=holder, refresh_until=until)
    assert made.ask() == "access-1"
    assert token_server.count("refresh_token") == 1


@pytest.mark.parametrize(
    "ends", [20, 30.001, 59], ids=["same-clock", "read-a-moment-later", "ahead-of-ours"]
)
def test_who_renews_elsewhere_is_waited_for(
    sign_in_on_both, token_server, clock, monkeypatch, ends
):
    made = sign_in_on_both()
    made.put_token(seconds=0)
    until = clock.now() + timedelta(seconds=ends)
    made.change(refresh_owner=ELSEWHERE, refresh_until=until)
    monkeypatch.setattr(keeper_module, "_WAIT_SECONDS", 0.05)
    with pytest.raises(ServiceUnavailable, match="in time"):
        made.ask()
    assert token_server.asked == []


def test_a_lease_of_a_clock_that_was_wrong_is_no_lease(sign_in_to, clock):
    made = sign_in_to()
    made.put_token(seconds=0)
    made.change(refresh_owner=ELSEWHERE, refresh_until=clock.now() + timedelta(days=9))
    assert made.ask() == "access-1"


def test_a_sign_in_that_came_first_stays(sign_in_to, token_server):
    made = sign_in_to()
    made.put_token(seconds=0)
    token_server.hold.clear()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(made.ask)
        eventually(lambda: token_server.asked)
        made.put_token(seconds=3600)
        made.change(tokens_revision=7)
        token_server.hold.set()
        assert asking.result() == "access-0"
    assert made.row.tokens_revision == 7


def test_what_goes_wrong_here_frees_the_lease(sign_in_to):
    made = sign_in_to(config={"base_url": "http://service.example"})
    made.put_token(seconds=0)
    with pytest.raises(AuthenticationError, match="no https address"):
        made.ask()
    assert made.row.refresh_owner is None
    assert made.row.status == CONNECTED
