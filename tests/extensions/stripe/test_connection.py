"""A connection to Stripe: the core adds the key, the extension never sees it."""

import pytest

from extensions.sdk.connection import Account
from extensions.sdk.service_errors import AuthenticationError
from tests.support.connecting import ask, connect

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(open_built_in):
    return open_built_in("stripe")


def test_the_account_behind_a_key_is_found(stripe, outside):
    via = connect(stripe, api_key=KEY, base_url=outside.url)
    outside.answers = [(200, {"livemode": False})]
    account = ask(stripe, "connection", "test_connection", via=via)
    assert account == Account(id="", label="Stripe", environment="test")
    (call,) = outside.calls
    assert (call.method, call.path) == ("GET", "/v1/balance")
    assert call.headers["authorization"] == f"Bearer {KEY}"


def test_a_wrong_key_is_told_with_what_to_do(stripe, outside):
    via = connect(stripe, api_key=KEY, base_url=outside.url)
    outside.answers = [(401, {"error": {"type": "invalid_request_error"}})]
    with pytest.raises(AuthenticationError) as caught:
        ask(stripe, "connection", "test_connection", via=via)
    assert "Renew the credentials" in caught.value.mend
    assert caught.value.accepted == "no"
