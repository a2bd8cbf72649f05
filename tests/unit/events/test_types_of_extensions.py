"""The catalogue and the feed have the types that a workspace's own extensions announce."""

from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient

from extensions.sdk.errors import SdkError
from geminicrm.app import Core, create_app
from geminicrm.identity.tokens import create_token
from geminicrm.runtime.call_context import CallContext
from tests.support.announcing import SCORED, SILENT, feed, hand_out
from tests.support.core import Tenant, make_tenant
from tests.support.sample_extensions import Stage

MONEY: dict[str, Any] = {
    **SCORED,
    "name": "paid",
    "schema": {
        "type": "object",
        "properties": {"sum": {"$ref": "#/$defs/money"}, "version": {"type": "string"}},
        "$defs": {"money": {"type": "number"}},
    },
    "sample": {"sum": 1.5, "version": "a"},
}


@pytest.fixture
def core(both_cores: Core) -> Core:
    """Give a core on each engine."""
    return both_cores


@pytest.fixture
def south(stage: Stage) -> Tenant:
    return make_tenant(stage.core, "south")


@pytest.fixture
def client(stage: Stage, tenant: Tenant) -> FlaskClient:
    """Give a client of an application whose `tenant` has the sample installed."""
    stage.put(tenant, SILENT, event_types=[SCORED, MONEY])
    core = replace(stage.core, runtime=stage.runtime, crm=stage.crm)
    return create_app(core=core).test_client()


def names(client: FlaskClient, tenant: Tenant) -> list[str]:
    found = client.get("/api/event-types", headers=tenant.headers()).json["data"]
    return [one["type"] for one in found]


def announce(stage: Stage, tenant: Tenant, **data: Any) -> str:
    installed = stage.find(tenant)
    app: Any = installed.loaded.extension.app
    call = CallContext(installed, tenant.owner(), "route", 5.0, passes=(SdkError,))
    made = stage.runtime.calls.run(call, lambda: app.events.emit("score_changed", data))
    hand_out(stage.core)
    return str(made)


def test_a_workspace_has_the_types_of_its_own_extensions(
    client: FlaskClient, tenant: Tenant, south: Tenant
):
    own = names(client, tenant)
    assert own == sorted(own)
    assert set(own) - set(names(client, south)) == {"sample.paid", "sample.score_changed"}
    gone = client.get("/api/event-types/sample.paid", headers=south.headers())
    assert gone.status_code == 404


def test_schema_and_sample_are_those_of_the_whole_event(client: FlaskClient, tenant: Tenant):
    one = client.get("/api/event-types/sample.paid", headers=tenant.headers()).json
    assert (one["scope"], one["description"]) == (None, MONEY["description"])
    jsonschema.Draft202012Validator.check_schema(one["schema"])
    jsonschema.validate(one["sample"], one["schema"])
    assert one["sample"]["object_version"] == 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**one["sample"], "data": {"sum": "x"}}, one["schema"])


def test_the_feed_has_them_for_their_workspace_alone(
    client: FlaskClient, stage: Stage, tenant: Tenant, south: Tenant
):
    made = announce(stage, tenant, score=1)
    assert [one["id"] for one in feed(client, tenant)] == [made]
    assert [one["data"] for one in feed(client, tenant, types="sample.*")] == [{"score": 1}]
    assert feed(client, south) == []
    unknown = client.get("/api/events?types=sample.*", headers=south.headers())
    assert unknown.status_code == 422


def test_what_was_announced_stays_in_the_feed_when_the_extension_goes(
    client: FlaskClient, stage: Stage, tenant: Tenant
):
    made = announce(stage, tenant, score=1)
    stage.change(tenant, stage.find(tenant).id, enabled=False)
    assert "sample.score_changed" not in names(client, tenant)
    assert [one["id"] for one in feed(client, tenant)] == [made]
    unknown = client.get("/api/events?types=sample.*", headers=tenant.headers())
    assert unknown.status_code == 422


def test_what_needs_a_permission_is_not_taken_for_an_extensions(
    client: FlaskClient, stage: Stage, tenant: Tenant
):
    made = announce(stage, tenant, score=1)
    stage.crm.leads.create(tenant.owner(), {"last_name": "Byron"})
    hand_out(stage.core)
    assert len(feed(client, tenant)) == 2
    narrow = replace_token(stage, tenant)
    assert [one["id"] for one in feed(client, narrow)] == [made]


def replace_token(stage: Stage, tenant: Tenant) -> Tenant:
    """Give the tenant with a token that may read contacts and nothing else."""
    with stage.core.works.write(tenant.system()) as work:
        token = create_token(work, tenant.owner_id, "contacts", {"read:contacts"}, days=None)
    return replace(tenant, token=token.secret)
