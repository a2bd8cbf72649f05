"""The figures and lists of the first page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from typing_extensions import override

from geminicrm.crm.shared.desk import Desk
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.crm.shared.spec import Rest
from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.clock import format_instant, parse_instant

_MOST = 100
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Figure:
    """A number of rows; `more` says that there are at least so many."""

    count: int
    more: bool = False

    @override
    def __str__(self) -> str:
        return f"{self.count}+" if self.more else str(self.count)


@dataclass(frozen=True)
class NewLeads:
    """The leads of the last seven days, and how many more or fewer than the week before."""

    figure: Figure
    delta: int | None


@dataclass(frozen=True)
class Step:
    """One open stage of the funnel; `share` is its part of the largest one, 0 to 100."""

    stage: Rest
    count: int
    worth: Sequence[tuple[str, str]]
    share: int


def new_leads(desk: Desk, actor: PersonActor) -> NewLeads:
    """Count this week's leads from the newest ones there are."""
    page = desk.records["lead"].list(actor, ListQuery(_MOST))
    made = [parse_instant(lead["created_at"]) for lead in page.data]
    week, before = desk.now() - _WEEK, desk.now() - 2 * _WEEK
    count = sum(each >= week for each in made)
    full = page.next_cursor is not None
    earlier = sum(before <= each < week for each in made)
    known = not full or made[-1] < before
    return NewLeads(Figure(count, full and count == _MOST), count - earlier if known else None)


def closing_soon(desk: Desk, actor: PersonActor) -> tuple[Figure, dict[str, Decimal]]:
    """Give the open deals that should close this month, and what they are worth by currency."""
    first, last = month_of(desk.today())
    filters = {
        "status": "open",
        "closing_from": first.isoformat(),
        "closing_before": last.isoformat(),
    }
    page = desk.records["deal"].list(actor, ListQuery(_MOST, filters=filters))
    worth: dict[str, Decimal] = {}
    for deal in page.data:
        if deal["amount"] is not None:
            code = deal["currency"]
            worth[code] = worth.get(code, Decimal(0)) + Decimal(deal["amount"])
    return Figure(len(page.data), page.next_cursor is not None), worth


def overdue(desk: Desk, actor: PersonActor) -> Figure:
    """Count what the reader should have done by now."""
    filters = {
        "done": "false",
        "owner_id": actor.user_id,
        "due_before": format_instant(desk.now()),
    }
    page = desk.records["activity"].list(actor, ListQuery(_MOST, filters=filters))
    return Figure(len(page.data), page.next_cursor is not None)


def my_tasks(desk: Desk, actor: PersonActor, limit: int) -> list[Rest]:
    """Give what the reader has to do up to the end of today, the most overdue first."""
    midnight = desk.local(desk.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    filters = {
        "done": "false",
        "owner_id": actor.user_id,
        "due_before": format_instant(midnight + timedelta(days=1)),
    }
    query = ListQuery(limit, filters=filters, sort="due_at")
    return desk.records["activity"].list(actor, query).data


def month_of(day: date) -> tuple[date, date]:
    """Give the first day of a day's month and of the month after."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def funnel(
    pipeline: Rest, counts: Mapping[str, int], worth: Mapping[str, Sequence[tuple[str, str]]]
) -> list[Step]:
    """Give the open stages of a pipeline with their share of the largest."""
    stages = [stage for stage in pipeline["stages"] if stage["kind"] == "open"]
    largest = max((counts[stage["id"]] for stage in stages), default=0)
    return [
        Step(
            stage,
            counts[stage["id"]],
            worth[stage["id"]],
            round(100 * counts[stage["id"]] / largest) if largest else 0,
        )
        for stage in stages
    ]
