"""What the board shows: a column for each stage, with what its deals are worth."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from geminicrm.crm.shared.commands import RecordCommands
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.money import exponent
from geminicrm.kernel.work import Actor

CARDS = 50
CLOSED_CARDS = 5


class Total(Protocol):
    """The deals of one stage in one currency."""

    @property
    def stage_id(self) -> str:
        """Name the stage."""
        ...

    @property
    def currency(self) -> str | None:
        """Give the ISO 4217 code; None for deals without an amount."""
        ...

    @property
    def count(self) -> int:
        """Give the number of deals."""
        ...

    @property
    def amount(self) -> str | None:
        """Give the sum as a decimal string."""
        ...


Totals = Callable[[Actor, str], Sequence[Total]]


@dataclass(frozen=True)
class Sum:
    """What a column is worth in one currency, and what of it is to be expected."""

    currency: str
    amount: str
    weighted: str


@dataclass(frozen=True)
class ColumnSums:
    """How many deals a column has, and what they are worth by currency."""

    count: int
    sums: Sequence[Sum]


@dataclass(frozen=True)
class BoardColumn:
    """One stage with the cards that are shown of it."""

    stage: Rest
    deals: Sequence[Rest]
    next_cursor: str | None
    sums: ColumnSums

    @property
    def is_open(self) -> bool:
        """Tell whether deals here are still on their way."""
        return bool(self.stage["kind"] == "open")


def columns(
    deals: RecordCommands,
    actor: Actor,
    pipeline: Rest,
    totals: Iterable[Total],
    owner_id: str | None = None,
) -> list[BoardColumn]:
    """Give the columns of a pipeline; of one owner's deals, their sums count what is shown."""
    by_stage = column_sums(pipeline, totals)
    made = []
    for stage in pipeline["stages"]:
        found, cursor = cards(deals, actor, stage, owner_id)
        sums = by_stage[stage["id"]] if owner_id is None else _sums(stage, found)
        made.append(BoardColumn(stage, found, cursor, sums))
    return made


def cards(
    deals: RecordCommands,
    actor: Actor,
    stage: Rest,
    owner_id: str | None = None,
    cursor: str | None = None,
) -> tuple[list[Rest], str | None]:
    """Give the next cards of a stage: those that close first, of closed stages the latest."""
    is_open = stage["kind"] == "open"
    filters = {"stage_id": stage["id"]} | ({"owner_id": owner_id} if owner_id else {})
    limit, sort = (CARDS, "expected_close_on") if is_open else (CLOSED_CARDS, "-updated_at")
    page = deals.list(actor, ListQuery(limit, cursor, filters, sort))
    return page.data, page.next_cursor


def column_sums(pipeline: Rest, totals: Iterable[Total]) -> dict[str, ColumnSums]:
    """Sort the totals of a pipeline by stage; empty stages get none."""
    rows = list(totals)
    return {
        stage["id"]: ColumnSums(
            sum(row.count for row in rows if row.stage_id == stage["id"]),
            [
                _sum(stage, row.currency, Decimal(row.amount))
                for row in rows
                if row.stage_id == stage["id"] and row.currency and row.amount is not None
            ],
        )
        for stage in pipeline["stages"]
    }


def _sums(stage: Rest, deals: Sequence[Rest]) -> ColumnSums:
    amounts: dict[str, Decimal] = {}
    for deal in deals:
        if deal["amount"] is not None:
            code = deal["currency"]
            amounts[code] = amounts.get(code, Decimal(0)) + Decimal(deal["amount"])
    return ColumnSums(
        len(deals), [_sum(stage, code, amount) for code, amount in sorted(amounts.items())]
    )


def _sum(stage: Rest, currency: str, amount: Decimal) -> Sum:
    weighted = amount * stage["probability"] / 100
    return Sum(currency, str(amount), f"{weighted:.{exponent(currency)}f}")


def open_sums(sums: Mapping[str, ColumnSums], pipeline: Rest) -> dict[str, Decimal]:
    """Add up what the open stages of a pipeline are worth, by currency."""
    worth: dict[str, Decimal] = {}
    for stage in pipeline["stages"]:
        for each in sums[stage["id"]].sums if stage["kind"] == "open" else ():
            worth[each.currency] = worth.get(each.currency, Decimal(0)) + Decimal(each.amount)
    return worth
