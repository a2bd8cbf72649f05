"""The pages of leads, and of their conversion."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, request

from geminicrm.crm.leads.commands import LeadConversion
from geminicrm.crm.shared import forms
from geminicrm.crm.shared.desk import Desk
from geminicrm.crm.shared.forms import FormField
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.crm.shared.lists import Column, fixed, owner_filter
from geminicrm.crm.shared.naming import display_name
from geminicrm.crm.shared.related import common_facts, person_facts
from geminicrm.crm.shared.spec import Rest
from geminicrm.crm.shared.views import (
    Fact,
    Page,
    RecordLook,
    RecordViews,
    record_options,
    sent_version,
)
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import ScopeMissing, ValidationFailed
from geminicrm.web.pages import render

STATUSES = {
    "new": "New",
    "contacted": "Contacted",
    "qualified": "Qualified",
    "unqualified": "Unqualified",
    "converted": "Converted",
}
_COLUMNS = (
    Column(name="name", label="Name", look="person", sort="name"),
    Column(name="company", label="Company"),
    Column(name="status", label="Status", look="status"),
    Column(name="source", label="Source"),
    Column(name="owner_id", label="Owner", look="owner"),
    Column(name="amount", label="Amount", look="money", end=True),
    Column(name="created_at", label="Created", look="age", sort="created_at", end=True),
)
_MADE = ("contacts", "companies", "deals")


def blueprint(desk: Desk, conversion: LeadConversion) -> Blueprint:
    """Serve `/leads` and what is below it."""
    views = RecordViews(desk, look())
    pages = views.blueprint()
    _add_conversion(pages, desk, conversion)
    return pages


def look() -> RecordLook:
    """Tell how leads look."""
    return RecordLook(
        kind="lead",
        title="Leads",
        lead="People who may buy one day. Convert a lead when it is worth a deal.",
        columns=_COLUMNS,
        filters=(fixed("status", "Status", STATUSES), owner_filter()),
        form=_form,
        facts=_facts,
        more=lambda _desk, _record: {"statuses": STATUSES},
        template="crm/lead.html",
        empty=(
            "No leads yet",
            "A lead is somebody who may buy one day. Add one by hand, or let an extension do it.",
        ),
    )


def _form(desk: Desk) -> Sequence[FormField]:
    choices = [
        {"value": value, "label": text} for value, text in STATUSES.items() if value != "converted"
    ]
    if request.view_args and "identifier" in request.view_args:
        choices.append({"value": "converted", "label": STATUSES["converted"]})
    return [
        *forms.person_fields(),
        FormField(name="company", label="Company"),
        FormField(name="status", label="Status", kind="select", required=True, options=choices),
        FormField(name="source", label="Source", help="Where the lead came from."),
        *forms.money_fields(),
        *forms.owned_fields(desk.owner_options()),
    ]


def _facts(desk: Desk, record: Rest) -> list[Fact]:
    return [
        *person_facts(record),
        Fact("Company", record["company"]),
        Fact("Source", record["source"]),
        Fact("Amount", record, "money"),
        *common_facts(desk, record),
    ]


def _add_conversion(pages: Blueprint, desk: Desk, conversion: LeadConversion) -> None:
    leads = desk.records["lead"]

    @pages.get("/<identifier>/convert")
    def ask_convert(identifier: str) -> Page:
        """Show what a lead would become."""
        _demand(desk)
        return _conversion_page(desk, leads.get(current_actor(), identifier))

    @pages.post("/<identifier>/convert")
    def convert(identifier: str) -> Page:
        """Convert a lead, then show the deal, or the contact."""
        _demand(desk)
        try:
            made = conversion(current_actor(), identifier, _asked(), sent_version())
        except ValidationFailed as error:
            lead = leads.get(current_actor(), identifier)
            return _conversion_page(desk, lead, error.findings), 422
        target, noun = (made["deal"], "deals") if made["deal"] else (made["contact"], "contacts")
        flash("The lead is converted.", "success")
        return redirect(f"/{noun}/{(target or {})['id']}", 303)


def _demand(desk: Desk) -> None:
    """Raise ScopeMissing unless everything that a conversion makes may be made."""
    desk.demand_write("lead")
    actor = current_actor()
    missing = [f"write:{noun}" for noun in _MADE if f"write:{noun}" not in actor.scopes]
    if missing:
        raise ScopeMissing(missing[0], actor.label)


def _asked() -> dict[str, Any]:
    sent = request.form
    deal: dict[str, Any] = {"name": sent.get("deal_name", "").strip()}
    for name in ("amount", "currency"):
        if sent.get(name, "").strip():
            deal[name] = sent[name].strip()
    wanted = sent.get("create_deal") == "true"
    asked: dict[str, Any] = {"create_deal": wanted, "deal": deal if wanted else {}}
    if sent.get("company_id"):
        asked["company_id"] = sent["company_id"]
    return asked


def _conversion_page(desk: Desk, lead: Rest, findings: Sequence[Any] = ()) -> str:
    sent: Mapping[str, str] = request.form
    values = {
        "deal_name": sent.get("deal_name", (lead["company"] or display_name(lead))[:200]),
        "amount": sent.get("amount", lead["amount"] or ""),
        "currency": sent.get("currency", lead["currency"] or ""),
        "company_id": sent.get("company_id", ""),
        "create_deal": sent.get("create_deal") == "true" if sent else True,
    }
    companies = record_options(desk, "company", str(values["company_id"]))[1:]
    errors = {each.pointer.rpartition("/")[2]: each.message for each in findings}
    errors["deal_name"] = errors.pop("name", "")
    return render(
        "crm/convert.html",
        lead=lead, name=display_name(lead), values=values, errors=errors, findings=findings,
        company=_known_company(desk, lead), currencies=forms.money_fields()[1].options,
        companies=[{"value": "", "label": "The one above"}, *companies],
    )  # fmt: skip


def _known_company(desk: Desk, lead: Rest) -> Rest | None:
    """Give the company of the lead's company name, as the conversion will find it."""
    if not lead["company"]:
        return None
    query = ListQuery(1, filters={"name": lead["company"]}, sort="created_at")
    found = desk.records["company"].list(current_actor(), query).data
    return found[0] if found else None
