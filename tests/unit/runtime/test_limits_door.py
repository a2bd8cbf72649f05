"""`app.limits` and the wishes of `app.http`: what is asked is checked at the door."""

from collections.abc import Callable
from typing import Any

import pytest

from extensions.sdk import errors as sdk
from extensions.sdk.service_errors import NotConnected, RateLimited
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.limits_door import ExtensionLimits
from tests.support.connecting import connect
from tests.support.installed import BuiltIn, Installer

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def stripe(open_built_in: Installer) -> BuiltIn:
    return open_built_in("stripe")


def inside(made: BuiltIn, work: Callable[[Any], object]) -> Any:
    """Do something with `app` inside of a call."""
    installed = made.core.runtime.convergence.find(made.tenant.id, made.id)
    assert installed is not None
    app = installed.loaded.extension.app
    call = CallContext(installed, made.tenant.owner(), "action", 20.0, (sdk.SdkError,))
    return made.core.runtime.calls.run(call, lambda: work(app))


def test_turns_are_taken_of_the_connection_of_the_call(stripe: BuiltIn):
    connect(stripe, api_key=KEY)
    inside(stripe, lambda app: app.limits.take("requests"))
    inside(stripe, lambda app: app.limits.take("messages", 5))  # stripe limits none
    with pytest.raises(RateLimited):
        inside(stripe, lambda app: app.limits.take("requests", 100_000))


def test_without_a_connection_there_are_no_turns(stripe: BuiltIn):
    with pytest.raises(NotConnected):
        inside(stripe, lambda app: app.limits.take("messages"))


@pytest.mark.parametrize("wrong", [("mails", 1), ("messages", 0), ("messages", 100_001)])
def test_what_can_not_be_counted_is_invalid(stripe: BuiltIn, wrong: tuple[str, int]):
    with pytest.raises(sdk.Invalid):
        inside(stripe, lambda app: app.limits.take(*wrong))


def test_taking_turns_is_noted_in_a_dry_run():
    assert getattr(ExtensionLimits.take, "is_noted", False)


@pytest.mark.parametrize(
    "wrong",
    [
        {"retries": -1},
        {"retries": 4},
        {"retries": "3"},
        {"idempotency_key": ""},
        {"idempotency_key": 7},
        {"idempotency_key": "k" * 201},
        {"idempotency_key": "k", "idempotency_header": None},
        {"cache_seconds": -1},
        {"cache_seconds": "60"},
    ],
)
def test_wishes_are_checked(stripe: BuiltIn, wrong: dict[str, Any]):
    connect(stripe, api_key=KEY)
    url = "https://api.stripe.com/v1/balance"
    with pytest.raises(sdk.Invalid):
        inside(stripe, lambda app: app.http.request("GET", url, **wrong))
