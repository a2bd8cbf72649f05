"""The whole of it against an authorization server that others wrote."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from geminicrm.connections.models import CONNECTED, UNTESTED
from geminicrm.connections.oauth.problems import SignInFailed


def consent(address):
    """Do what a browser does at the service; give what it comes back with."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    return {name: one[0] for name, one in query.items()}


@pytest.fixture
def made(sign_in_to, oauth2_mock_server):
    return sign_in_to(config={"base_url": oauth2_mock_server})


def test_sign_in_renewal_and_end(made, clock):
    made.finish(**consent(made.begin()["address"]))
    row, first = made.row, made.token
    assert row.status == CONNECTED
    # It grants a scope of its own whatever was asked for.
    assert row.missing_scopes == ["contacts.read", "deals.write"]
    assert row.token_expires_at == clock.now() + timedelta(hours=1)
    clock.advance(3600)
    assert made.ask() == made.token.access
    assert made.token.refresh != first.refresh
    assert made.row.tokens_revision == 2
    made.core.oauth.revocation.revoke(made.connection, made.way)
    assert (made.row.tokens, made.row.status) == (None, UNTESTED)


def test_a_code_without_its_verifier_is_worth_nothing(made):
    stolen = consent(made.begin()["address"])
    mine = made.begin()
    with pytest.raises(SignInFailed):
        made.finish(state=mine["state"], code=stolen["code"])
    assert made.row.tokens is None


def test_client_credentials(sign_in_to, oauth2_mock_server):
    made = sign_in_to("client_credentials", config={"base_url": oauth2_mock_server})
    assert made.ask().count(".") == 2
    assert made.row.scopes == ["contacts.read"]
