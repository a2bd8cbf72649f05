"""The first page, and the search of the command palette."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, request

from geminicrm.api.http import respond
from geminicrm.crm.board.service import Totals, column_sums, open_sums
from geminicrm.crm.home import service
from geminicrm.crm.pipelines.commands import PipelineCommands
from geminicrm.crm.shared import timeline
from geminicrm.crm.shared.desk import Desk
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.work import Actor
from geminicrm.web.pages import render

_NOON, _EVENING = 12, 18
_TASKS, _RECENT = 6, 8
_HITS = 8
_MOST_LETTERS = 100
Search = Callable[[Actor, str, int], list[dict[str, Any]]]


@dataclass(frozen=True)
class Home:
    """What the first page works with."""

    desk: Desk
    pipelines: PipelineCommands
    totals: Totals
    search: Search


def blueprint(home: Home) -> Blueprint:
    """Serve `/` and `/search`."""
    pages = Blueprint("home", __name__)

    @pages.get("/")
    def show() -> str:
        """Show how things stand."""
        return render("crm/home.html", **_parts(home))

    @pages.get("/search")
    def search() -> Response:
        """Give what the palette finds."""
        text = request.args.get("q", "")[:_MOST_LETTERS]
        return respond({"data": home.search(current_actor(), text, _HITS)})

    return pages


def _parts(home: Home) -> dict[str, Any]:
    desk, actor = home.desk, current_actor()
    parts: dict[str, Any] = {
        "desk": desk,
        "now": desk.now(),
        "greeting": greeting(desk.local(desk.now()).hour),
        "first_name": desk.owner_name(actor.user_id).partition(" ")[0],
        "may_write": desk.may("write", "activity"),
    }
    if desk.may("read", "lead"):
        parts["leads"] = service.new_leads(desk, actor)
    if desk.may("read", "deal"):
        parts |= _deals(home)
    if desk.may("read", "activity"):
        parts |= _activities(desk)
    return parts


def _deals(home: Home) -> dict[str, Any]:
    desk, actor = home.desk, current_actor()
    closing, worth = service.closing_soon(desk, actor)
    pipelines = home.pipelines.list(actor)
    value: dict[str, Decimal] = {}
    funnel: Sequence[service.Step] = ()
    for index, pipeline in enumerate(pipelines):
        sums = column_sums(pipeline, home.totals(actor, pipeline["id"]))
        for code, amount in open_sums(sums, pipeline).items():
            value[code] = value.get(code, Decimal(0)) + amount
        if index == 0:
            counts = {key: each.count for key, each in sums.items()}
            amounts = {
                key: [(each.amount, each.currency) for each in column.sums]
                for key, column in sums.items()
            }
            funnel = service.funnel(pipeline, counts, amounts)
    return {
        "closing": closing,
        "closing_worth": by_worth(worth),
        "open_value": by_worth(value),
        "funnel": funnel,
        "pipeline": pipelines[0] if pipelines else None,
        "open_count": sum(step.count for step in funnel),
    }


def _activities(desk: Desk) -> dict[str, Any]:
    actor = current_actor()
    recent = desk.records["activity"].list(actor, ListQuery(_RECENT, sort="-updated_at")).data
    return {
        "overdue": service.overdue(desk, actor),
        "tasks": timeline.entries(desk, service.my_tasks(desk, actor, _TASKS)),
        "recent": timeline.entries(desk, recent),
    }


def by_worth(amounts: dict[str, Decimal]) -> list[tuple[str, str]]:
    """Give amounts and their currencies, the largest first."""
    ordered = sorted(amounts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(str(amount), code) for code, amount in ordered]


def greeting(hour: int) -> str:
    """Give the words for the time of the day."""
    if hour < _NOON:
        return "Good morning"
    return "Good afternoon" if hour < _EVENING else "Good evening"
