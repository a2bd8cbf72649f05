"""The pages of deals; the board is a room of its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, request

from geminicrm.crm.deals.commands import DealFlow
from geminicrm.crm.pipelines.commands import PipelineCommands
from geminicrm.crm.shared import forms
from geminicrm.crm.shared.desk import Desk, Option
from geminicrm.crm.shared.forms import FormField
from geminicrm.crm.shared.lists import Column, Filter, fixed, owner_filter
from geminicrm.crm.shared.naming import display_name
from geminicrm.crm.shared.related import common_facts, linked
from geminicrm.crm.shared.spec import Rest
from geminicrm.crm.shared.views import Fact, Page, RecordLook, RecordViews, sent_version
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.web.pages import render

STATUSES = {"open": "Open", "won": "Won", "lost": "Lost"}
_COLUMNS = (
    Column(name="name", label="Name", look="company", sort="name"),
    Column(name="company_id", label="Company", look="link", kind="company"),
    Column(name="stage_id", label="Stage", look="stage"),
    Column(name="amount", label="Amount", look="money", sort="amount", end=True),
    Column(
        name="expected_close_on", label="Expected close", look="close", sort="expected_close_on"
    ),
    Column(name="owner_id", label="Owner", look="owner"),
)
Pipelines = Callable[[], Sequence[Rest]]


def views(desk: Desk, pipelines: PipelineCommands) -> RecordViews:
    """Give the pages of deals, for the blueprint here and for the table beside the board."""
    return RecordViews(desk, look(lambda: pipelines.list(current_actor())))


def blueprint(made: RecordViews, flow: DealFlow) -> Blueprint:
    """Serve what is below `/deals`."""
    pages = made.blueprint(with_list=False)
    _add_outcomes(pages, made.desk, flow)
    return pages


def look(pipelines: Pipelines) -> RecordLook:
    """Tell how deals look."""
    return RecordLook(
        kind="deal",
        title="Deals",
        lead="Sales on their way through a pipeline.",
        columns=_COLUMNS,
        filters=(
            fixed("status", "Status", STATUSES),
            Filter(name="stage_id", label="Stage", options=lambda _desk: _stages(pipelines())),
            owner_filter(),
        ),
        form=lambda desk: _form(desk, pipelines()),
        facts=_facts,
        more=lambda _desk, record: _progress(record, pipelines()),
        kept={"view": "table"},
        template="crm/deal.html",
        empty=(
            "No deals yet",
            "A deal is one sale on its way. Add the first, or convert a lead into one.",
        ),
    )


def _stages(pipelines: Sequence[Rest]) -> list[Option]:
    several = len(pipelines) > 1
    return [
        {
            "value": stage["id"],
            "label": f"{pipeline['name']}: {stage['name']}" if several else stage["name"],
        }
        for pipeline in pipelines
        for stage in pipeline["stages"]
    ]


def _form(desk: Desk, pipelines: Sequence[Rest]) -> Sequence[FormField]:
    stages = _stages(pipelines)
    stage = FormField(name="stage_id", label="Stage", kind="select", options=stages, required=True)
    return [
        FormField(name="name", label="Name", required=True, wide=True),
        *forms.money_fields(),
        *([stage] if stages else []),
        FormField(name="expected_close_on", label="Expected close", kind="date"),
        FormField(name="company_id", label="Company", kind="record"),
        FormField(name="contact_id", label="Contact", kind="record"),
        *forms.owned_fields(desk.owner_options()),
    ]


def _facts(desk: Desk, record: Rest) -> list[Fact]:
    lost = [Fact("Reason lost", record["lost_reason"])] if record["lost_reason"] else []
    closed = [Fact("Closed", record["closed_at"], "age")] if record["closed_at"] else []
    return [
        Fact("Amount", record, "money"),
        Fact("Expected close", record, "close"),
        *closed,
        *lost,
        linked(desk, record, "company"),
        linked(desk, record, "contact"),
        *common_facts(desk, record),
    ]


def _progress(record: Rest, pipelines: Sequence[Rest]) -> Mapping[str, Any]:
    """Give the open stages of the deal's pipeline, and how far it has come."""
    pipeline = next(each for each in pipelines if each["id"] == record["pipeline_id"])
    stages = pipeline["stages"]
    here = next(stage for stage in stages if stage["id"] == record["stage_id"])
    steps = [stage for stage in stages if stage["kind"] == "open"]
    at = steps.index(here) if here in steps else len(steps)
    return {"pipeline": pipeline, "stage": here, "steps": steps, "step_at": at}


def _add_outcomes(pages: Blueprint, desk: Desk, flow: DealFlow) -> None:
    deals = desk.records["deal"]

    @pages.post("/<identifier>/win")
    def win(identifier: str) -> Page:
        """Win a deal."""
        deal = flow.win(current_actor(), identifier, sent_version())
        flash(f"{display_name(deal)} is won.", "success")
        return redirect(f"/deals/{identifier}", 303)

    @pages.get("/<identifier>/lose")
    def ask_lose(identifier: str) -> Page:
        """Ask why a deal was lost, where no script opens the dialog."""
        desk.demand_write("deal")
        return render("crm/lose.html", deal=deals.get(current_actor(), identifier), reason="")

    @pages.post("/<identifier>/lose")
    def lose(identifier: str) -> Page:
        """Lose a deal, for the reason given."""
        reason = request.form.get("reason", "").strip()
        actor = current_actor()
        try:
            deal = flow.lose(actor, identifier, reason or None, sent_version())
        except ValidationFailed as error:
            page = render(
                "crm/lose.html", deal=deals.get(actor, identifier), reason=reason,
                error=error.findings[0].message,
            )  # fmt: skip
            return page, 422
        flash(f"{display_name(deal)} is lost.", "info")
        return redirect(f"/deals/{identifier}", 303)

    @pages.post("/<identifier>/reopen")
    def reopen(identifier: str) -> Page:
        """Bring a deal back to the first open stage."""
        changed = {"status": "open"}
        deal = deals.update(current_actor(), identifier, changed, sent_version())
        flash(f"{display_name(deal)} is open again.", "success")
        return redirect(f"/deals/{identifier}", 303)
