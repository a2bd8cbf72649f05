"""How a token endpoint is spoken to, and how its refusals are read."""

import pytest

from extensions.sdk.service_errors import AuthenticationError
from geminicrm.connections.oauth.client import Client
from geminicrm.connections.oauth.endpoint import TokenEndpoint
from geminicrm.connections.oauth.problems import GrantRefused, ProviderAway
from geminicrm.connections.ways import Authentication
from geminicrm.kernel.http import HttpClient


def client_of(token_url, **values):
    way = Authentication(
        id="oauth2",
        type="oauth2",
        label="",
        settings=("client_id",),
        inject=(),
        authorization_url=None,
        token_url=token_url,
        revocation_url=None,
        scopes=(),
        parameters={},
    )
    return Client("Sample", way, {"client_id": "id", **values})


@pytest.fixture
def ask(token_server):
    endpoint = TokenEndpoint(HttpClient(["127.0.0.0/8"]))
    client = client_of("{base_url}/token", base_url=token_server.url)
    return lambda: endpoint.ask(client, "refresh_token", refresh_token="r")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"error": "invalid_grant"}, "invalid_grant"),
        (200, {"ok": False, "error": "bad_refresh_token"}, "bad_refresh_token"),
        (400, {"status": "BAD_REFRESH_TOKEN", "message": "no"}, "BAD_REFRESH_TOKEN"),
        (400, {"error": {"type": "OAuthException", "code": 190}}, "OAuthException"),
        (400, {"error": {"code": 190}}, "190"),
    ],
)
def test_refusals_are_known_in_their_many_forms(ask, token_server, status, body, code):
    token_server.answers = [(status, body)]
    with pytest.raises(GrantRefused) as caught:
        ask()
    assert caught.value.code == code


def test_no_redirect_is_followed(ask, token_server):
    token_server.answers = [(307, {})]
    token_server.headers = {"Location": f"{token_server.url}/elsewhere"}
    with pytest.raises(ProviderAway, match="307"):
        ask()
    assert [one.path for one in token_server.asked] == ["/token"]


def test_the_guard_stands_before_it(token_server):
    endpoint = TokenEndpoint(HttpClient())
    client = client_of("{base_url}/token", base_url=token_server.url)
    with pytest.raises(ProviderAway, match="not a public address"):
        endpoint.ask(client, "refresh_token", refresh_token="r")
    assert token_server.asked == []


@pytest.mark.parametrize(
    ("template", "values", "url"),
    [
        ("https://a.example/t", {}, "https://a.example/t"),
        ("https://{shop}.a.example/t", {"shop": "north"}, "https://north.a.example/t"),
        ("https://{shop}.a.example/t", {"shop": "e.vil/"}, "https://e.vil%2F.a.example/t"),
        ("https://{shop}.a.example/t", {"shop": "u@e.vil?"}, "https://u%40e.vil%3F.a.example/t"),
        ("{base}/t", {"base": "https://b.example/x/"}, "https://b.example/x/t"),
        ("{base}/t", {"base": "http://localhost:1"}, "http://localhost:1/t"),
    ],
)
def test_addresses_are_filled_in(template, values, url):
    assert client_of(template, **values).address(template) == url


@pytest.mark.parametrize("base", ["http://service.example", "ftp://127.0.0.2", "no address"])
def test_secrets_travel_with_tls_only(base):
    with pytest.raises(AuthenticationError, match="no https address"):
        client_of("{base}/t", base=base).address("{base}/t")
