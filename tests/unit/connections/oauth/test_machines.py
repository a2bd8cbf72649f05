"""Sign-ins without a person: client credentials, and service accounts that sign for themselves."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import RSAKey

from extensions.sdk.service_errors import AuthenticationError
from geminicrm.connections.models import CONNECTED, NEEDS_REAUTH, UNTESTED
from tests.support.token_server import CLIENT, SECRET


@pytest.fixture(scope="module")
def pem():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def claims_of(server, pem):
    decoded = jwt.decode(server.asked[-1].form["assertion"], RSAKey.import_key(pem))
    assert decoded.header["alg"] == "RS256"
    return decoded.claims


def test_client_credentials_are_sent_where_the_manifest_says(sign_in_on_both, token_server, clock):
    made = sign_in_on_both("client_credentials")
    assert made.ask() == made.ask() == "access-1"
    (asked,) = token_server.asked
    assert asked.authorization == ""
    assert asked.form == {
        "grant_type": "client_credentials",
        "scope": "contacts.read",
        "client_id": CLIENT,
        "client_secret": SECRET,
    }
    assert made.row.status == UNTESTED
    clock.advance(3600)
    assert made.ask() == "access-2"


def test_a_service_may_have_a_grant_of_its_own(sign_in_to, token_server):
    parameters = {"grant_type": "account_credentials", "account_id": "{account_key}"}
    made = sign_in_to(
        "client_credentials", config={"account_key": "acc 1"}, parameters=parameters, scopes=[]
    )
    made.ask()
    (asked,) = token_server.asked
    assert (asked.grant, asked.form["account_id"]) == ("account_credentials", "acc 1")
    assert "scope" not in asked.form


def test_a_public_client_names_itself_in_the_body(sign_in_to, token_server):
    made = sign_in_to("client_credentials", settings=["client_id"])
    made.ask()
    assert token_server.asked[0].form["client_id"] == CLIENT
    assert token_server.asked[0].authorization == ""


def test_new_credentials_end_a_machines_refusal(sign_in_on_both, token_server, clock):
    made = sign_in_on_both("client_credentials")
    token_server.answers = [(401, {"error": "invalid_client"})]
    for _again in range(2):
        with pytest.raises(AuthenticationError):
            made.ask()
    assert made.row.status == NEEDS_REAUTH
    assert len(token_server.asked) == 1
    clock.advance(5)
    made.change(secrets_at=clock.now())
    assert made.ask() == "access-1"
    assert made.row.status == CONNECTED


def test_a_service_account_signs_with_its_file(sign_in_on_both, token_server, pem, clock):
    file = json.dumps({"client_email": "crm@project.example", "private_key": pem})
    made = sign_in_on_both("service_account", config={"account_key": file})
    assert made.ask() == "access-1"
    (asked,) = token_server.asked
    assert asked.grant == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert asked.authorization == ""
    assert "client_id" not in asked.form
    claims = claims_of(token_server, pem)
    assert claims.pop("jti")
    now = int(clock.now().timestamp())
    assert claims == {
        "iss": "crm@project.example",
        "aud": f"{token_server.url}/token",
        "sub": "olga@north.example",
        "scope": "contacts.read",
        "iat": now,
        "exp": now + 3600,
    }


def test_a_service_account_may_be_a_name_and_a_key(sign_in_to, token_server, pem):
    made = sign_in_to(
        "service_account",
        config={"account_key": pem.replace("\n", "\\n"), "client_id": "key-of-the-crm"},
        settings=["client_id", "account_key"],
        parameters={"aud": "account.example"},
        scopes=[],
    )
    made.ask()
    claims = claims_of(token_server, pem)
    assert (claims["iss"], claims["aud"]) == ("key-of-the-crm", "account.example")
    assert {"sub", "scope"}.isdisjoint(claims)


@pytest.mark.parametrize(
    "account",
    ["no json", "[]", '{"client_email": "a"}', '{"client_email": "a", "private_key": "no key"}'],
)
def test_an_account_that_can_not_be_read_is_told(sign_in_to, token_server, account):
    made = sign_in_to("service_account", config={"account_key": account})
    with pytest.raises(AuthenticationError):
        made.ask()
    assert made.row.status == NEEDS_REAUTH
    assert token_server.asked == []


@pytest.mark.parametrize("secret", ["line\nbreak", "späß 漢"])
def test_a_secret_that_can_not_be_sent_is_told(sign_in_to, token_server, secret):
    made = sign_in_to("client_credentials", client_authentication="basic",
                      config={"client_secret": secret})  # fmt: skip
    token_server.answers = [(401, {"error": "invalid_client"})]
    with pytest.raises(AuthenticationError, match="invalid_client"):
        made.ask()


def test_a_way_without_settings_is_the_authors_fault(sign_in_to):
    with pytest.raises(AuthenticationError, match="declares no setting"):
        sign_in_to("client_credentials", settings=[]).ask()
