"""The catalogue says what events really hold."""

from dataclasses import replace

import jsonschema
import pytest
from sqlalchemy import select

from extensions.sdk.service_errors import ServiceRefused
from geminicrm.app import Core
from geminicrm.core import event_types
from geminicrm.events.catalogue import Catalogue, Catalogues, sample_of, schema_of, shown
from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.webhooks.outgoing.disabling import disable, gone
from geminicrm.webhooks.outgoing.events import WebhookPing
from geminicrm.webhooks.outgoing.wishes import NewEndpoint
from tests.support.core import Tenant
from tests.support.paying import desk_of

CATALOGUE = Catalogue(event_types())


def a_busy_day(core: Core, tenant: Tenant) -> None:
    """Have everything happen that can happen to a record, with all fields and with none."""
    crm, owner = core.crm, tenant.owner()
    lead = crm.leads.create(
        owner, {"last_name": "Byron", "amount": "10.50", "currency": "EUR", "tags": ["warm"],
                "custom": {"shoe": 38}, "owner_id": tenant.owner_id}
    )  # fmt: skip
    crm.leads.update(owner, lead["id"], {"title": "Countess"})
    crm.convert_lead(owner, lead["id"])
    crm.convert_lead(owner, crm.leads.create(owner, {"company": "Engines"})["id"])
    pipeline = crm.pipelines.create(owner, {"name": "Partners"})
    crm.pipelines.update(owner, pipeline["id"], {"name": "Resellers"})
    stages = [stage["id"] for stage in pipeline["stages"]]
    whole = {"expected_close_on": "2026-12-31", "pipeline_id": pipeline["id"]}
    deals = [crm.deals.create(owner, {"name": "Engine", **each}) for each in ({}, whole)]
    crm.deals.update(owner, deals[1]["id"], {"stage_id": stages[1]})
    crm.deals_flow.win(owner, deals[0]["id"])
    crm.deals_flow.lose(owner, deals[1]["id"], "Too expensive")
    call = {"kind": "call", "subject": "Call"}
    link = {"related_type": "deal", "related_id": deals[0]["id"]}
    for door, values, change in (
        (crm.leads, {"company": "Engines"}, {"company": "Mills"}),
        (crm.contacts, {"last_name": "Byron"}, {"email": "ada@example.com"}),
        (crm.companies, {"name": "Engines", "size": "51-200"}, {"size": 60}),
        (crm.deals, {"name": "Engine"}, {"name": "Mill"}),
        (
            crm.activities,
            {**call, **link},
            {"done_at": "2026-11-21T09:00:00Z"},
        ),
    ):
        made = door.create(owner, values)
        door.update(owner, made["id"], change)
        door.delete(owner, made["id"])


def payments(core: Core, tenant: Tenant) -> None:
    """Have one paid and one refused."""
    desk = desk_of(core, tenant)
    desk.paying.answers = [{"paid": True, "status": "complete"}, ServiceRefused("no")]
    for _ in range(2):
        desk.ask()
        desk.hands.work()
    desk.hands.close()


def webhooks(core: Core, tenant: Tenant) -> None:
    """Have an endpoint switched off."""
    new = NewEndpoint(url="https://93.184.216.34/in", events=("lead.*",))
    made = core.outgoing.endpoints.create(tenant.owner(), new).endpoint["id"]
    with core.works.across_workspaces("switch one off for a test", write=True) as work:
        disable(work, core.generations, {made: (gone(), None)})


def test_every_event_is_as_its_type_says(core: Core, tenant: Tenant):
    a_busy_day(core, tenant)
    payments(core, tenant)
    webhooks(core, tenant)
    with core.works.read(tenant.system()) as work:
        events = [row.stored().body() for row in work.session.scalars(select(OutboxEvent))]
    for event in events:
        jsonschema.validate(event, schema_of(CATALOGUE.get(event["type"])))
        said = set(CATALOGUE.get(event["type"]).data["properties"])
        assert set(event["data"]) == said, event["type"]
    # A ping goes to its endpoint alone, past the outbox.
    told = {event["type"] for event in events} | {WebhookPing.type}
    assert told == {one.type for one in CATALOGUE.all()}


@pytest.mark.parametrize("one", CATALOGUE.all(), ids=lambda one: one.type)
def test_every_sample_is_as_its_type_says(one):
    jsonschema.Draft202012Validator.check_schema(schema_of(one))
    jsonschema.validate(sample_of(one), schema_of(one))
    assert one.description.endswith(".")


def test_a_wrong_event_is_told_from_a_right_one():
    schema = schema_of(CATALOGUE.get("lead.created"))
    wrong = sample_of(CATALOGUE.get("deal.won"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_types_are_found_by_name_and_by_pattern(tenant: Tenant):
    assert shown(CATALOGUE.get("deal.won"))["scope"] == "read:deals"
    with pytest.raises(NotFound):
        CATALOGUE.get("deal.forgotten")
    assert CATALOGUE.known("deal.*")
    assert not CATALOGUE.known("planet.*")
    readable = CATALOGUE.readable(tenant.owner("read:leads"))
    assert {one.type.partition(".")[0] for one in readable} == {"lead", "pipeline", "webhook"}


def test_what_an_event_holds_is_for_those_who_may_read_such_records(tenant: Tenant):
    narrow = tenant.owner("read:leads")
    names = ("lead.created", "deal.won", "pipeline.created", "deal.forgotten")
    assert [CATALOGUE.may_read(narrow, name) for name in names] == [True, False, True, False]


def test_what_an_extension_announces_is_known_in_its_workspace_alone(tenant: Tenant):
    announced = replace(CATALOGUE.get("deal.won"), type="mill.jammed", scope=None)
    every = Catalogues(event_types(), {tenant.id: (announced,)}.__getitem__)
    assert every.may_read(tenant.owner(), "mill.jammed")
    assert not CATALOGUE.may_read(tenant.owner(), "mill.jammed")
