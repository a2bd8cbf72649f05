"""Conversion: a lead becomes a contact at a company, and as a rule a deal."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from geminicrm.crm.companies.service import find_by_name
from geminicrm.crm.deals.schemas import DealInput
from geminicrm.crm.leads.events import LeadConverted
from geminicrm.crm.leads.schemas import ConvertInput
from geminicrm.crm.shared import service
from geminicrm.crm.shared.commands import RecordHooks, may
from geminicrm.crm.shared.naming import display_name
from geminicrm.crm.shared.schemas import inside, parse
from geminicrm.crm.shared.spec import RecordSpec, Rest
from geminicrm.kernel.errors import Conflict, PreconditionFailed
from geminicrm.kernel.work import Actor, Work, Works

_ATTEMPTS = 3
_CONVERTED = {"status": "converted"}


@dataclass(frozen=True)
class Specs:
    """The kinds of records that a conversion touches."""

    leads: RecordSpec
    contacts: RecordSpec
    companies: RecordSpec
    deals: RecordSpec


@dataclass(frozen=True)
class _Plan:
    """What a lead will become; a company is named by id, made from values, or left out."""

    company_id: str | None
    company: Rest | None
    contact: Rest
    deal: Rest | None


class LeadConversion:
    """Converts leads."""

    def __init__(self, works: Works, hooks: RecordHooks, specs: Specs) -> None:
        self._works = works
        self._hooks = hooks
        self._specs = specs

    def __call__(
        self,
        actor: Actor,
        identifier: str,
        data: Mapping[str, Any] | None = None,
        if_version: int | None = None,
    ) -> dict[str, Rest | None]:
        """Give `lead`, `contact`, `company` and `deal`; company and deal may be None.

        The company is the one named, else one of the lead's company name, else a new one. Raises
        NotFound, Conflict for a lead that is converted, ValidationFailed, ChangeRefused,
        PreconditionFailed.
        """
        may(actor, "write:leads")
        asked = parse(ConvertInput, data or {})
        with inside("/deal"):
            asked["deal"] = parse(DealInput, asked.get("deal", {}))
        for _ in range(_ATTEMPTS):
            seen = self._ask_hooks(actor, identifier, asked, if_version)
            try:
                with self._works.write(actor) as work:
                    return self._convert(work, identifier, asked, seen)
            except PreconditionFailed:
                if if_version is not None:
                    raise
        raise Conflict("Others keep changing this lead; try again.")

    def _plan(self, work: Work, lead: Rest, asked: Rest) -> _Plan:
        if lead["status"] == "converted":
            raise Conflict(f"The lead {lead['id']!r} is converted already.")
        owned = {"owner_id": lead["owner_id"]}
        company_id = asked.get("company_id")
        company = None
        if company_id is None and lead["company"]:
            company_id = find_by_name(work, self._specs.companies, lead["company"])
            if company_id is None:
                company = {"name": lead["company"][:200], **owned}
        contact = {
            name: lead[name]
            for name in ("first_name", "last_name", "email", "phone", "title", "tags", "custom")
        }
        if not any(contact[name] for name in ("first_name", "last_name", "email")):
            contact["last_name"] = lead["company"][:120]
        deal = {
            "name": (lead["company"] or display_name(lead))[:200],
            "amount": lead["amount"],
            "currency": lead["currency"],
            **owned,
            **asked["deal"],
        }
        wanted = asked.get("create_deal", True)
        return _Plan(company_id, company, {**contact, **owned}, deal if wanted else None)

    def _convert(
        self, work: Work, identifier: str, asked: Rest, if_version: int | None
    ) -> dict[str, Rest | None]:
        specs = self._specs
        lead = service.present(work, specs.leads, identifier, if_version)
        plan = self._plan(work, lead, asked)
        company = service.create(work, specs.companies, plan.company) if plan.company else None
        company_id = company["id"] if company else plan.company_id
        linked = {"company_id": company_id}
        contact = service.create(work, specs.contacts, plan.contact | linked)
        deal = None
        if plan.deal is not None:
            linked["contact_id"] = contact["id"]
            with inside("/deal"):
                deal = service.create(work, specs.deals, linked | plan.deal)
        lead = service.update(work, specs.leads, identifier, _CONVERTED)
        ids = {**linked, "contact_id": contact["id"], "deal_id": deal["id"] if deal else None}
        work.record(
            LeadConverted(
                object_id=identifier, object_version=lead["version"], data={**lead, **ids}
            )
        )
        if company is None and company_id is not None:
            company = service.present(work, specs.companies, company_id)
        return {"lead": lead, "contact": contact, "company": company, "deal": deal}

    def _ask_hooks(
        self, actor: Actor, identifier: str, asked: Rest, if_version: int | None
    ) -> int | None:
        specs = self._specs
        kinds = [
            spec.kind
            for spec in (specs.leads, specs.companies, specs.contacts, specs.deals)
            if self._hooks.wants(actor, spec.kind)
        ]
        if not kinds:
            return if_version
        with self._works.read(actor) as work:
            before, drafts = self._drafts(work, identifier, asked, if_version)
        for spec, draft in drafts:
            if spec.kind in kinds:
                old = before if spec is specs.leads else None
                action = "create" if old is None else "update"
                self._hooks.before_save(actor, spec.kind, action, old, draft)
        version: int = before["version"]
        return version

    def _drafts(
        self, work: Work, identifier: str, asked: Rest, if_version: int | None
    ) -> tuple[Rest, list[tuple[RecordSpec, Rest]]]:
        """Give the lead and what it would become; new records are linked by ids to come."""
        specs = self._specs
        before, lead = service.preview_update(work, specs.leads, identifier, _CONVERTED, if_version)
        plan = self._plan(work, before, asked)
        drafts = [(specs.leads, lead)]
        linked: Rest = {"company_id": plan.company_id}
        if plan.company:
            company = service.preview_create(work, specs.companies, plan.company)
            drafts.append((specs.companies, company))
            linked["company_id"] = company["id"]
        contact = service.preview_create(work, specs.contacts, plan.contact) | linked
        drafts.append((specs.contacts, contact))
        if plan.deal is not None:
            linked["contact_id"] = contact["id"]
            deal = service.preview_create(work, specs.deals, plan.deal)
            drafts.append((specs.deals, deal | linked))
        return before, drafts
