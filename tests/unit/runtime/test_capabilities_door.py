"""`app.capabilities` in process: who may ask whom, for what, and what is checked at the door."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from extensions.sdk import errors as sdk
from extensions.sdk.capabilities.email import SentMail
from extensions.sdk.capabilities.using import ProviderInfo, using
from extensions.sdk.service_errors import NotConnected, ServiceUnavailable
from geminicrm.app import Core
from geminicrm.kernel import logs
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.capabilities_door import ExtensionCapabilities
from geminicrm.runtime.dry_run import DryRun
from tests.support.connecting import OutsideService
from tests.support.core import make_tenant
from tests.support.integrations import put_integration
from tests.support.mail_providers import MAIL, USER, MailWorld
from tests.support.sample_extensions import Stage

Act = Callable[[Any], Any]
DOWN = (503, {})
WELL = (200, {})


@pytest.fixture
def world(open_core: Core, stage_of: Callable[..., Stage], outside: OutsideService) -> MailWorld:
    made = MailWorld(stage_of(open_core), make_tenant(open_core, "north"), outside)
    made.provide("first", "second")
    made.stage.put(made.tenant, USER, id="user", permissions=["use:email"])
    return made


def inside(world: MailWorld, act: Act, extension_id: str = "user", **call: Any) -> Any:
    """Do something inside of a call of an extension."""
    world.ready()
    installed = world.stage.find(world.tenant, extension_id)
    context: Any = installed.loaded.extension.app
    caller = call.pop("caller", world.tenant.owner())
    made = CallContext(installed, caller, "route", 20.0, passes=(sdk.SdkError,), **call)
    return world.stage.runtime.calls.run(made, lambda: act(context))


def sends(app: Any) -> Any:
    return using(app.capabilities, "email").send(MAIL)


def looks(app: Any) -> Any:
    return app.capabilities.providers("email")


def test_providers_are_listed_in_the_order_in_which_they_are_asked(world: MailWorld):
    world.connect("first", "a")
    world.connect("second", "b", owner_id=world.tenant.owner_id)
    assert inside(world, looks) == (
        ProviderInfo(service="second", name="Second", connection_id=world.ids["b"], connection="b"),
        ProviderInfo(service="first", name="First", connection_id=world.ids["a"], connection="a"),
    )


def test_an_operation_comes_in_the_classes_of_its_contract(world: MailWorld):
    world.connect("first", "a")
    sent = inside(world, sends)
    assert sent == SentMail(message_id="<1@mail.example>", accepted=("ada@example.com",))


def test_the_next_is_asked_only_where_the_first_has_not_accepted(world: MailWorld):
    world.connect("first", "a")
    world.connect("second", "b")
    world.outside.answers = [DOWN, WELL]
    answered = inside(world, lambda app: app.capabilities.ask("email", "send", {"mail": MAIL}))
    assert (answered.provider.service, world.asked()) == ("second", ["a", "b"])


def test_nobody_else_is_asked_where_one_was_chosen(world: MailWorld):
    world.connect("first", "a")
    world.connect("second", "b")
    world.outside.answers = [DOWN]
    chosen = world.ids["b"]
    with pytest.raises(ServiceUnavailable):
        inside(world, lambda app: using(app.capabilities, "email", chosen).send(MAIL))
    assert set(world.asked()) == {"b"}


def test_somebody_elses_connection_is_no_connection(world: MailWorld):
    world.connect("first", "own", owner_id=world.tenant.owner_id)
    chosen = world.ids["own"]
    caller = world.tenant.system()
    with pytest.raises(NotConnected):
        inside(
            world,
            lambda app: using(app.capabilities, "email", chosen).send(MAIL),
            caller=caller,
        )
    with pytest.raises(NotConnected):
        inside(world, sends, caller=caller)
    assert world.asked() == []


@pytest.mark.parametrize("act", [looks, sends])
def test_without_the_permission_nobody_is_found_or_asked(world: MailWorld, act: Act):
    world.connect("first", "a")
    world.stage.put(world.tenant, USER, id="poor", permissions=["read:leads"])
    with pytest.raises(sdk.PermissionDenied) as refused:
        inside(world, act, "poor")
    assert refused.value.scope == "use:email"
    assert world.asked() == []


def test_a_person_without_the_permission_does_not_reach_further(world: MailWorld):
    world.connect("first", "a")
    with pytest.raises(sdk.PermissionDenied):
        inside(world, sends, caller=world.tenant.owner("read:leads"))


@pytest.mark.parametrize("capability", ["connection", "identity"])
def test_what_is_the_cores_alone_can_not_be_asked_for(world: MailWorld, capability: str):
    with pytest.raises(sdk.PermissionDenied):
        inside(world, lambda app: app.capabilities.ask(capability, "end_connection", {}))


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("burn", {}, "unknown_operation"),
        ("send", {}, "missing_argument"),
        ("send", {"mail": MAIL, "soon": True}, "unknown_argument"),
        ("send", {"mail": 3}, "wrong_value"),
        ("send", {"mail": object()}, "not_json"),
    ],
)
def test_wrong_calls_are_refused_before_anybody_is_asked(
    world: MailWorld, operation: str, arguments: dict[str, Any], code: str
):
    world.connect("first", "a")
    with pytest.raises(sdk.Invalid) as refused:
        inside(world, lambda app: app.capabilities.ask("email", operation, arguments))
    assert [one.code for one in refused.value.findings] == [code]
    assert world.asked() == []


def test_who_works_on_test_data_reaches_nothing_live(world: MailWorld):
    put_integration(world.stage, world.tenant, "paying", permissions=["use:email"])
    world.connect("first", "live")
    world.connect("paying", "paying", environment="test")
    mine = {"connection": world.ids["paying"]}
    live = world.ids["live"]
    assert inside(world, looks, "paying", **mine) == ()
    with pytest.raises(NotConnected):
        inside(world, sends, "paying", **mine)
    with pytest.raises(NotConnected):
        inside(
            world,
            lambda app: using(app.capabilities, "email", live).send(MAIL),
            "paying",
            **mine,
        )
    world.connect("first", "tried", environment="test")
    inside(world, sends, "paying", **mine)
    assert world.asked() == ["tried"]


def test_in_a_dry_run_nobody_is_asked(world: MailWorld):
    world.connect("first", "a")
    with pytest.raises(ServiceUnavailable, match="dry run"):
        inside(world, sends, dry_run=DryRun(world.stage.core.works))
    assert world.asked() == []
    assert getattr(ExtensionCapabilities.ask, "is_noted", False)


def test_an_extension_knows_itself(world: MailWorld):
    told = inside(world, lambda app: app.extension, "first", caller=world.tenant.system())
    assert (told.id, told.name, told.version, told.types) == ("first", "First", "1.0.0", ("email",))


def test_each_integration_has_a_logger_and_says_for_which_connection(world: MailWorld):
    world.connect("first", "a")
    stream = io.StringIO()
    logs.configure("INFO", json=True, stream=stream)
    chosen = {"connection": world.ids["a"]}
    inside(world, lambda app: app.log.info("tried", connection_id="forged"), "first", **chosen)
    inside(world, lambda app: app.log.info("used", mail=app.connection.name), "first")
    inside(world, lambda app: app.log.info("alone"), "user")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    about = [
        (one["event"], one["logger"], one.get("connection_id"))
        for one in lines
        if one["logger"].startswith("extension.")
    ]
    mine = world.ids["a"]
    assert about == [
        ("tried", "extension.first", mine),
        ("used", "extension.first", mine),
        ("alone", "extension.user", None),
    ]
    kept = world.stage.runtime.logs.tail(world.stage.find(world.tenant, "first").id, 9)
    assert [line["fields"]["connection_id"] for line in kept] == [mine, mine]
