"""Signing in at a service: there and back, and everything that must not count."""

import base64
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from extensions.sdk.service_errors import AuthenticationError
from geminicrm.connections.models import CONNECTED, NEEDS_REAUTH, UNTESTED, OAuthState
from geminicrm.connections.oauth.problems import IssuerRefused, SignInFailed, StateRefused
from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.crypto import hash_token
from geminicrm.kernel.errors import Conflict, Forbidden, ScopeMissing
from tests.support.signed_in import SESSION
from tests.support.token_server import CLIENT, SECRET


def states(made):
    with made.core.works.read(made.tenant.system()) as work:
        return work.session.scalar(select(func.count()).select_from(OAuthState))


def assert_nothing_stored(made):
    row = made.row
    assert (row.tokens, row.status, row.tokens_revision) == (None, UNTESTED, 0)


def test_the_browser_is_sent_with_pkce_and_a_state(sign_in_to):
    made = sign_in_to()
    sent = made.begin()
    parts = urlsplit(sent["address"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{made.server.url}/authorize"
    public = made.core.settings.public_url
    assert sent["redirect_uri"] == f"{public}/integrations/sample/callback"
    assert (sent["response_type"], sent["client_id"]) == ("code", CLIENT)
    assert (sent["scope"], sent["access_type"]) == ("contacts.read deals.write", "offline")
    assert (sent["tenant"], sent["code_challenge_method"]) == ("1", "S256")
    assert len(sent["code_challenge"]) == 43
    assert len(sent["state"]) == 64
    assert sent["state"] != "not-ours"


def test_the_database_knows_neither_state_nor_verifier(sign_in_to):
    made = sign_in_to()
    sent = made.begin()
    with made.core.works.read(made.tenant.system()) as work:
        row = work.session.scalars(select(OAuthState)).one()
    assert row.state_hash == hash_token(sent["state"])
    assert row.session_hash == hash_token(SESSION)
    assert row.verifier.startswith("gAAAA")


def test_a_code_becomes_a_token(sign_in_on_both, token_server):
    made = sign_in_on_both()
    sent = made.begin()
    done = made.finish(state=sent["state"], code="code-1")
    assert (done.connection_id, done.missing) == (made.id, ())
    (asked,) = token_server.asked
    assert asked.form["code"] == "code-1"
    assert asked.form["redirect_uri"] == sent["redirect_uri"]
    pair = base64.b64decode(asked.authorization.removeprefix("Basic ")).decode()
    assert pair == f"{CLIENT}:{SECRET}"
    row = made.row
    assert (row.status, row.scopes) == (CONNECTED, ["contacts.read", "deals.write"])
    assert made.ask() == "access-1"
    assert states(made) == 0


def test_a_state_counts_once(sign_in_on_both, token_server):
    made = sign_in_on_both()
    sent = made.begin()
    made.finish(state=sent["state"], code="code-1")
    with pytest.raises(StateRefused):
        made.finish(state=sent["state"], code="code-1")
    assert len(token_server.asked) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "guessed"},
        {"state": ""},
        {"session": "session-of-mallory"},
        {"service": "other-service"},
    ],
)
def test_a_foreign_answer_changes_nothing(sign_in_on_both, token_server, wrong):
    made = sign_in_on_both()
    sent = made.begin()
    with pytest.raises(StateRefused) as caught:
        made.finish(**{"state": sent["state"], "code": "code-1", **wrong})
    assert caught.value.status == 400
    assert_nothing_stored(made)
    assert token_server.asked == []
    assert made.finish(state=sent["state"], code="code-1").connection_id == made.id


def test_somebody_else_can_not_finish_it(sign_in_to):
    made = sign_in_to()
    sent = made.begin()
    other = PersonActor(
        "user", "usr_other", "Max", made.tenant.id, made.actor.scopes, "usr_other", "owner", SESSION
    )
    given = {"state": sent["state"], "code": "code-1"}
    with pytest.raises(StateRefused):
        made.core.oauth.journeys.finish(other, "sample", SESSION, given)
    assert_nothing_stored(made)


def test_a_state_holds_ten_minutes(sign_in_to, clock):
    made = sign_in_to()
    sent = made.begin()
    clock.advance(600)
    with pytest.raises(StateRefused):
        made.finish(state=sent["state"], code="code-1")
    assert_nothing_stored(made)
    made.begin()
    assert states(made) == 1


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"error": "access_denied"}, "was not allowed access"),
        ({"error": "server_error", "error_description": "Out of <b>order</b>"}, "Out of <b>order"),
        ({}, "no code"),
    ],
)
def test_a_refusal_is_told_kindly(sign_in_to, token_server, given, words):
    made = sign_in_to()
    sent = made.begin()
    with pytest.raises(SignInFailed, match=words) as caught:
        made.finish(state=sent["state"], **given)
    assert caught.value.connection_id == made.id
    assert_nothing_stored(made)
    assert token_server.asked == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [((400, {"error": "invalid_grant"}), "gave no access"), ((502, {}), "could not be asked")],
)
def test_a_code_that_gives_nothing_stores_nothing(sign_in_to, token_server, answer, words):
    made = sign_in_to()
    sent = made.begin()
    token_server.answers = [answer]
    with pytest.raises(SignInFailed, match=words):
        made.finish(state=sent["state"], code="code-1")
    assert_nothing_stored(made)


@pytest.mark.parametrize(
    "said", [{}, {"iss": "https://other.example"}, {"iss": "https://issuer.example/"}]
)
def test_an_issuer_that_was_declared_has_to_be_said(sign_in_to, token_server, said):
    made = sign_in_to(issuer="https://issuer.example")
    sent = made.begin()
    with pytest.raises(IssuerRefused):
        made.finish(state=sent["state"], code="code-1", **said)
    assert_nothing_stored(made)
    assert token_server.asked == []


def test_the_right_issuer_is_let_in(sign_in_to):
    made = sign_in_to(issuer="https://issuer.example")
    sent = made.begin()
    made.finish(state=sent["state"], code="code-1", iss="https://issuer.example")
    assert made.row.status == CONNECTED


def test_an_issuer_that_nobody_declared_has_to_fit_the_addresses(sign_in_to):
    made = sign_in_to()
    sent = made.begin()
    with pytest.raises(IssuerRefused):
        made.finish(state=sent["state"], code="code-1", iss="https://mix-up.example")
    sent = made.begin()
    made.finish(state=sent["state"], code="code-1", iss=f"{made.server.url}/realm")
    assert made.row.status == CONNECTED


@pytest.mark.parametrize(
    ("said", "scopes", "lacking"),
    [
        (None, ["contacts.read", "deals.write"], []),
        ("", ["contacts.read", "deals.write"], []),
        ("contacts.read", ["contacts.read"], ["deals.write"]),
        ("deals.write,contacts.read", ["deals.write", "contacts.read"], []),
        (["contacts.read"], ["contacts.read"], ["deals.write"]),
    ],
)
def test_scopes_that_were_not_given_are_noted(sign_in_to, token_server, said, scopes, lacking):
    made = sign_in_to()
    token_server.more = {"scope": said}
    sent = made.begin()
    done = made.finish(state=sent["state"], code="code-1")
    assert list(done.missing) == made.row.missing_scopes == lacking
    assert made.row.scopes == scopes


def test_signing_in_again_ends_the_notice(sign_in_to, token_server):
    made = sign_in_to()
    made.put_token(seconds=0)
    token_server.answers = [(400, {"error": "invalid_grant"})]
    with pytest.raises(AuthenticationError):
        made.ask()
    assert made.row.status == NEEDS_REAUTH
    sent = made.begin()
    made.finish(state=sent["state"], code="code-1")
    assert (made.row.status, made.row.last_error) == (CONNECTED, None)
    assert made.ask() == "access-1"


def test_a_way_without_a_browser_can_not_be_begun(sign_in_to):
    with pytest.raises(Conflict):
        sign_in_to("client_credentials").begin()


def test_what_is_not_filled_in_can_not_be_begun(sign_in_to):
    with pytest.raises(AuthenticationError, match="client_id is not filled in"):
        sign_in_to(config={"client_id": None}).begin()


def test_who_may_not_change_it_can_not_sign_it_in(sign_in_to):
    made = sign_in_to()
    journeys, user = made.core.oauth.journeys, made.tenant.owner_id
    with (
        made.core.works.write(made.tenant.owner("connect:accounts")) as work,
        pytest.raises(ScopeMissing),
    ):
        journeys.begin(work, made.row, user, SESSION)
    made.change(owner_id="usr_of_somebody")
    with made.core.works.write(made.actor) as work, pytest.raises(Forbidden):
        journeys.begin(work, made.row, user, SESSION)
