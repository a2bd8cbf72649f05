"""What is done with deals beside editing them: win, lose, move, count the board."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select

from geminicrm.crm.deals.models import Deal
from geminicrm.crm.shared.commands import RecordCommands
from geminicrm.crm.shared.spec import Rest
from geminicrm.kernel.money import to_decimal_string
from geminicrm.kernel.tenancy import CHECKED, WORKSPACE
from geminicrm.kernel.work import Actor


@dataclass(frozen=True)
class StageTotal:
    """The deals of one stage in one currency (None: deals without an amount)."""

    stage_id: str
    currency: str | None
    count: int
    amount: str | None


class DealFlow:
    """Moves deals through their pipeline; each move is an update of the deal."""

    def __init__(self, deals: RecordCommands) -> None:
        self._deals = deals

    def win(self, actor: Actor, identifier: str, if_version: int | None = None) -> Rest:
        """Move a deal to the stage keyed `closed_won`; nothing happens to one that is won."""
        return self._deals.update(actor, identifier, {"status": "won"}, if_version)

    def lose(
        self,
        actor: Actor,
        identifier: str,
        reason: str | None = None,
        if_version: int | None = None,
    ) -> Rest:
        """Move a deal to the stage keyed `closed_lost`, and keep the reason if one is given."""
        told = {} if reason is None else {"lost_reason": reason}
        return self._deals.update(actor, identifier, {"status": "lost", **told}, if_version)

    def move(
        self, actor: Actor, identifier: str, stage_id: str, if_version: int | None = None
    ) -> Rest:
        """Move a deal to a stage, which wins, loses or reopens it."""
        return self._deals.update(actor, identifier, {"stage_id": stage_id}, if_version)

    def totals(self, actor: Actor, pipeline_id: str) -> Sequence[StageTotal]:
        """Count and add up the deals of each stage of a pipeline, by currency."""
        statement = (
            select(Deal.stage_id, Deal.currency, func.count(), func.sum(Deal.amount_minor))
            .where(
                Deal.workspace_id == bindparam(WORKSPACE),
                Deal.deleted_at.is_(None),
                Deal.pipeline_id == bindparam("pipeline_id"),
            )
            .group_by(Deal.stage_id, Deal.currency)
            .order_by(Deal.stage_id, Deal.currency)
            .execution_options(**{CHECKED: True})
        )
        with self._deals.works.read(actor) as work:
            work.require("read:deals")
            wanted = {WORKSPACE: work.workspace_id, "pipeline_id": pipeline_id}
            rows = work.session.execute(statement, wanted).all()
        return [
            StageTotal(stage, code, count, _sum(code, sum_)) for stage, code, count, sum_ in rows
        ]


def _sum(currency: str | None, minor: int | None) -> str | None:
    if currency is None or minor is None:
        return None
    return to_decimal_string(int(minor), currency)
