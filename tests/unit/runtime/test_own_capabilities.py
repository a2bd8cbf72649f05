"""Capabilities of extensions' own in process: whose they are, who is asked, what is not lent."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from extensions.sdk import errors as sdk
from extensions.sdk.capabilities.using import MAX_ARGUMENTS_BYTES, ProviderInfo, using
from extensions.sdk.service_errors import NotConnected, OutcomeUnknown
from geminicrm.app import Core, create_app
from geminicrm.runtime.call_context import CallContext
from tests.support.capability_pair import (
    DESK,
    DESK_FACTS,
    FORECAST,
    PLACE,
    SKY,
    SKY_CODE,
    SKY_FACTS,
    TYPE,
    USE,
    WEATHER,
)
from tests.support.core import Tenant, make_tenant
from tests.support.integrations import connect_to, put_integration
from tests.support.sample_extensions import HEAD, QUIET, Stage, with_method

Act = Callable[[Any], Any]
ROUND = with_method(
    """
    @hookimpl
    def run_operation(self, capability, operation, arguments):
        from extensions.sdk.capabilities.using import using
        return using(self.app.capabilities, capability).look(**arguments)
    """
)


def put_desk(stage: Stage, tenant: Tenant, code: str = HEAD + QUIET, **facts: Any) -> str:
    return stage.put(tenant, code, **{**DESK_FACTS, **facts})


def put_sky(stage: Stage, tenant: Tenant, code: str = SKY_CODE, **facts: Any) -> str:
    return stage.put(tenant, code, **{**SKY_FACTS, **facts})


def inside(stage: Stage, tenant: Tenant, act: Act) -> Any:
    """Do something inside of a call of the desk."""
    stage.runtime.reconcile()
    installed = stage.find(tenant, DESK)
    context: Any = installed.loaded.extension.app
    call = CallContext(installed, tenant.owner(), "route", 20.0, passes=(sdk.SdkError,))
    return stage.runtime.calls.run(call, lambda: act(context))


def looks(app: Any) -> Any:
    return using(app.capabilities, FORECAST).look(place="Bergen")


def test_it_is_declared_provided_and_asked_for(stage: Stage, tenant: Tenant):
    put_desk(stage, tenant)
    put_sky(stage, tenant)
    assert inside(stage, tenant, looks) == {"place": "Bergen", "degrees": 21.5}
    found = inside(stage, tenant, lambda app: app.capabilities.providers(FORECAST))
    assert found == (ProviderInfo(service=SKY, name="Sky"),)


def test_another_workspaces_provider_is_not_asked(stage: Stage, tenant: Tenant):
    put_desk(stage, tenant)
    put_sky(stage, make_tenant(stage.core, "elsewhere"))
    with pytest.raises(NotConnected):
        inside(stage, tenant, looks)


def test_whoever_asks_is_not_asked(stage: Stage, tenant: Tenant):
    put_desk(stage, tenant, SKY_CODE, provides=[FORECAST], hooks=["run_operation"])
    with pytest.raises(NotConnected):
        inside(stage, tenant, looks)


def test_nobody_asks_in_a_circle(stage: Stage, tenant: Tenant):
    put_desk(stage, tenant, SKY_CODE, provides=[FORECAST], hooks=["run_operation"])
    put_sky(stage, tenant, ROUND, permissions=[USE])
    with pytest.raises(NotConnected):
        inside(stage, tenant, looks)


def test_it_is_gone_with_whoever_declares_it(stage: Stage, tenant: Tenant):
    declares = put_desk(stage, tenant)
    put_sky(stage, tenant)
    stage.put(tenant, HEAD + QUIET, id="other", permissions=[USE])
    stage.change(tenant, declares, enabled=False)
    stage.runtime.reconcile()
    installed = stage.find(tenant, "other")
    call = CallContext(installed, tenant.owner(), "route", 20.0, passes=(sdk.SdkError,))
    context: Any = installed.loaded.extension.app
    with pytest.raises(sdk.Invalid, match="there is no capability"):
        stage.runtime.calls.run(call, lambda: looks(context))


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("uninstall", {}, "unknown_operation"),
        ("look", {}, "does_not_fit"),
        ("look", {"place": ""}, "does_not_fit"),
        ("look", {"place": "Bergen", "soon": True}, "does_not_fit"),
        ("look", {"place": float("nan")}, "wrong_value"),
        ("look", {"place": object()}, "wrong_value"),
        ("look", {"place": "x" * MAX_ARGUMENTS_BYTES}, "too_large"),
    ],
)
def test_what_does_not_fit_the_declaration_reaches_nobody(
    stage: Stage, tenant: Tenant, operation: str, arguments: dict[str, Any], code: str
):
    put_desk(stage, tenant)
    put_sky(stage, tenant, SKY_CODE.replace("return perform", "raise ZeroDivisionError\n#"))
    with pytest.raises(sdk.Invalid) as refused:
        inside(stage, tenant, lambda app: app.capabilities.ask(FORECAST, operation, arguments))
    assert [one.code for one in refused.value.findings] == [code]


def test_an_answer_that_the_declaration_does_not_have_is_the_providers_fault(
    stage: Stage, tenant: Tenant
):
    put_desk(stage, tenant)
    put_sky(stage, tenant, SKY_CODE.replace("21.5", "'warm'"))
    with pytest.raises(OutcomeUnknown, match="another kind of answer"):
        inside(stage, tenant, looks)


def declared_as(name: str) -> dict[str, Any]:
    """Give the type with one operation more, of this name."""
    nothing = {"type": "object", "maxProperties": 0}
    more = {**TYPE["operations"][0], "name": name, "arguments": nothing, "result": {}}
    return {**TYPE, "operations": [*TYPE["operations"], more]}


@pytest.mark.parametrize("method", ["uninstall", "get_config", "end_connection"])
def test_whoever_declares_does_not_get_at_other_methods_of_a_provider(
    stage: Stage, tenant: Tenant, method: str
):
    put_desk(stage, tenant, capability_types=[declared_as(method)])
    put_integration(stage, tenant, provides=[FORECAST])
    connect_to(stage, tenant)
    with pytest.raises(OutcomeUnknown, match="override it"):
        inside(stage, tenant, lambda app: app.capabilities.ask(FORECAST, method, {}))


def test_an_integration_provides_it_by_an_object_of_its_own(stage: Stage, tenant: Tenant):
    body = """return Account(id="", label="")

    def provider(self, capability):
        return Looking(self.app) if capability == "weather-desk.forecast" else self


class Looking:
    def __init__(self, app):
        self.app = app

    def look(self, place):
        return {"place": self.app.connection.name, "degrees": 3}
"""
    put_desk(stage, tenant)
    put_integration(stage, tenant, body=body, provides=[FORECAST])
    connect_to(stage, tenant, name="Station")
    assert inside(stage, tenant, looks) == {"place": "Station", "degrees": 3}


@pytest.fixture
def client(core: Core, tenant: Tenant) -> FlaskClient:
    """Put the pair into the core's own runtime; give a client."""
    stage = Stage(core, core.runtime, core.crm, core.metrics, [])  # type: ignore[arg-type]  # only its packages are used
    put_desk(stage, tenant, row={"built_in": True})
    put_sky(stage, tenant)
    core.runtime.versions._own = lambda _digest: True  # noqa: SLF001 - as on a stage
    core.runtime.reconcile()
    return create_app(core=core).test_client()


def test_programs_see_what_there_is_and_who_provides_it(client: FlaskClient, tenant: Tenant):
    found = client.get("/api/capabilities", headers=tenant.headers()).json["data"]
    by_id = {one["id"]: one for one in found}
    assert by_id["email"]["permission"] == "use:email"
    assert (by_id["email"]["declared_by"], by_id["email"]["providers"]) == (None, [])
    assert "connection" not in by_id
    own = client.get(f"/api/capabilities/{FORECAST}", headers=tenant.headers()).json
    assert own == by_id[FORECAST]
    assert (own["declared_by"], own["permission"]) == (DESK, USE)
    assert own["operations"][0] == {
        "name": "look",
        "description": "Tell the weather of a place.",
        "changes": False,
        "arguments": PLACE,
        "result": WEATHER,
    }
    assert own["providers"] == [
        {"service": SKY, "name": "Sky", "connection_id": None, "environment": "live"}
    ]


def test_of_what_there_is_not_programs_are_told_so(client: FlaskClient, tenant: Tenant):
    gone = client.get("/api/capabilities/sky.rain", headers=tenant.headers())
    assert (gone.status_code, gone.json["code"]) == (404, "not_found")


def test_of_its_operations_the_tools_offer_those_that_only_read(core: Core, tenant: Tenant):
    stage = Stage(core, core.runtime, core.crm, core.metrics, [])  # type: ignore[arg-type]  # only its packages are used
    core.runtime.versions._own = lambda _digest: True  # noqa: SLF001 - as on a stage
    put_desk(stage, tenant)
    body = (
        "return Account(id='', label='')\n\n"
        "    def provider(self, capability):\n"
        "        return self if capability == 'connection' else Rain()\n\n\n"
        "class Rain:\n    def look(self, place):\n        return {'place': place, 'degrees': 1}\n"
    )
    put_integration(stage, tenant, body=body, provides=[FORECAST])
    connection_id = connect_to(stage, tenant)
    core.runtime.reconcile()
    tools = core.connections.exploring
    offered = tools.operations(tenant.owner(), connection_id)
    assert offered == ("connection.status", "connection.test_connection", f"{FORECAST}.look")
    shown = tools.read(tenant.owner(), connection_id, f"{FORECAST}.look", {"place": "Bergen"})
    assert '"degrees": 1' in shown.body
