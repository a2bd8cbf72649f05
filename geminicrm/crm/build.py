"""Puts the CRM together: every door goes through what is made here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geminicrm.crm.activities import events as activity_events
from geminicrm.crm.activities.service import activity_spec
from geminicrm.crm.companies import events as company_events
from geminicrm.crm.companies.service import company_spec
from geminicrm.crm.contacts import events as contact_events
from geminicrm.crm.contacts.service import contact_spec
from geminicrm.crm.deals import events as deal_events
from geminicrm.crm.deals.commands import DealFlow
from geminicrm.crm.deals.service import deal_spec
from geminicrm.crm.leads import events as lead_events
from geminicrm.crm.leads.commands import LeadConversion, Specs
from geminicrm.crm.leads.service import lead_spec
from geminicrm.crm.pipelines import events as pipeline_events
from geminicrm.crm.pipelines.commands import PipelineCommands
from geminicrm.crm.shared.commands import RecordCommands, RecordHooks
from geminicrm.crm.shared.search import search
from geminicrm.crm.shared.spec import Membership, Rest
from geminicrm.kernel.events import EventType
from geminicrm.kernel.work import Actor, Works


@dataclass(frozen=True)
class Crm:
    """The doors to the records."""

    works: Works
    leads: RecordCommands
    contacts: RecordCommands
    companies: RecordCommands
    deals: RecordCommands
    activities: RecordCommands
    pipelines: PipelineCommands
    deals_flow: DealFlow
    conversion: LeadConversion

    @property
    def records(self) -> Mapping[str, RecordCommands]:
        """Give the doors by the kind of record: `lead`, `contact`, ..."""
        doors = (self.leads, self.contacts, self.companies, self.deals, self.activities)
        return {door.spec.kind: door for door in doors}

    def read_record(self, actor: Actor, record_type: str, record_id: str) -> Rest:
        """Give the fields of one record. Raises NotFound, ScopeMissing."""
        return dict(self.records[record_type].get(actor, record_id))

    def convert_lead(
        self,
        actor: Actor,
        identifier: str,
        data: Mapping[str, Any] | None = None,
        if_version: int | None = None,
    ) -> dict[str, Rest | None]:
        """Convert a lead; see LeadConversion."""
        return self.conversion(actor, identifier, data, if_version)

    def search(self, actor: Actor, text: str, limit: int = 10) -> list[dict[str, Any]]:
        """Find records of every kind that the actor may read."""
        specs = [door.spec for door in self.records.values()]
        with self.works.read(actor) as work:
            return search(work, specs, text, limit)


def event_types() -> Sequence[EventType]:
    """Give every type of event that happens to records."""
    rooms = (
        activity_events, company_events, contact_events, deal_events, lead_events, pipeline_events,
    )  # fmt: skip
    return [one for room in rooms for one in room.TYPES]


def build(works: Works, hooks: RecordHooks, is_member: Membership) -> Crm:
    """Make the doors; `is_member` says who may own records, `hooks` take part in changes."""
    leads, contacts, companies = (
        lead_spec(is_member),
        contact_spec(is_member),
        company_spec(is_member),
    )
    deals = RecordCommands(works, hooks, deal_spec(is_member))
    return Crm(
        works=works,
        leads=RecordCommands(works, hooks, leads),
        contacts=RecordCommands(works, hooks, contacts),
        companies=RecordCommands(works, hooks, companies),
        deals=deals,
        activities=RecordCommands(works, hooks, activity_spec(is_member)),
        pipelines=PipelineCommands(works),
        deals_flow=DealFlow(deals),
        conversion=LeadConversion(works, hooks, Specs(leads, contacts, companies, deals.spec)),
    )
