"""Live and test data stay apart: who is asked, and who is asked next, with real services."""

from collections.abc import Callable
from typing import Any

import pytest

from extensions.sdk.service_errors import ServiceUnavailable
from geminicrm.app import Core
from geminicrm.runtime.providers import Asked
from tests.support.connecting import OutsideService
from tests.support.core import make_tenant
from tests.support.mail_providers import MAIL, SEND, MailWorld
from tests.support.sample_extensions import Stage

DOWN = (503, {})
WELL = (200, {})
LIVE: dict[str, Any] = {"environment": "live"}
TEST: dict[str, Any] = {"environment": "test"}


@pytest.fixture
def world(open_core: Core, stage_of: Callable[..., Stage], outside: OutsideService) -> MailWorld:
    made = MailWorld(stage_of(open_core), make_tenant(open_core, "north"), outside)
    made.provide("first", "second")
    return made


def send(world: MailWorld, asked: Asked = SEND) -> str:
    """Send a mail; give the name of the connection that took it."""
    world.ready()
    capabilities = world.stage.runtime.capabilities
    return capabilities.ask(world.tenant.owner(), asked)[0].connection.name


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        (LIVE, LIVE, ["a", "b"]),
        (TEST, TEST, ["a", "b"]),
        (LIVE, TEST, ["a"]),
        (TEST, LIVE, ["b"]),
    ],
)
def test_where_one_fails_the_next_is_of_its_kind(
    world: MailWorld, first: dict[str, Any], second: dict[str, Any], asked: list[str]
):
    world.connect("first", "a", **first)
    world.connect("second", "b", **second)
    world.outside.answers = [DOWN]
    with pytest.raises(ServiceUnavailable):
        send(world)
    assert sorted(set(world.asked())) == asked


@pytest.mark.parametrize("environment", [LIVE, TEST])
def test_the_next_one_of_its_kind_takes_it(world: MailWorld, environment: dict[str, Any]):
    world.connect("first", "a", **environment)
    world.connect("second", "b", **environment)
    world.outside.answers = [DOWN, WELL]
    assert send(world) == "b"
    assert world.asked() == ["a", "b"]


def test_a_live_one_goes_before_a_users_own_for_tests(world: MailWorld):
    world.connect("first", "own", owner_id=world.tenant.owner_id, **TEST)
    world.connect("first", "ours", **LIVE)
    world.connect("second", "tried", **TEST)
    assert send(world) == "ours"
    assert world.asked() == ["ours"]


def test_among_live_ones_a_users_own_goes_first(world: MailWorld):
    world.connect("first", "ours", **LIVE)
    world.connect("second", "own", owner_id=world.tenant.owner_id, **LIVE)
    assert send(world) == "own"


def test_nothing_live_is_asked_after_a_test_one_that_was_chosen(world: MailWorld):
    world.connect("first", "tried", **TEST)
    world.connect("second", "ours", **LIVE)
    world.outside.answers = [DOWN]
    chosen = world.ids["tried"]
    asked = Asked(
        capability="email", operation="send", arguments={"mail": MAIL}, connection_id=chosen
    )
    with pytest.raises(ServiceUnavailable):
        send(world, asked)
    assert set(world.asked()) == {"tried"}
