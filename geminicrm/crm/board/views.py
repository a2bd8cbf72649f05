"""The pages of the board: the columns, more cards, moves, quick new deals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, request

from geminicrm.api.http import problem, respond
from geminicrm.crm.board import service
from geminicrm.crm.board.service import Total
from geminicrm.crm.pipelines.commands import PipelineCommands
from geminicrm.crm.shared.desk import Desk
from geminicrm.crm.shared.spec import Rest
from geminicrm.crm.shared.views import Page, sent_version
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import AppError, NotFound, ValidationFailed
from geminicrm.kernel.work import Actor
from geminicrm.web.formatting import money_short
from geminicrm.web.pages import render


class Flow(Protocol):
    """What moves deals and adds them up."""

    def totals(self, actor: Actor, pipeline_id: str) -> Sequence[Total]:
        """Count and add up the deals of each stage."""
        ...


@dataclass(frozen=True)
class Board:
    """What the pages of the board work with; `table` shows the same deals as a list."""

    desk: Desk
    pipelines: PipelineCommands
    flow: Flow
    table: Callable[[], Page]

    def pipeline_of(self, stage_id: str) -> Rest:
        """Give the pipeline of a stage; NotFound where there is none."""
        for pipeline in self.pipelines.list(current_actor()):
            if any(stage["id"] == stage_id for stage in pipeline["stages"]):
                return pipeline
        raise NotFound("stage", stage_id)

    def stage(self, stage_id: str) -> Rest:
        """Give one stage; NotFound where there is none."""
        stages: Sequence[Rest] = self.pipeline_of(stage_id)["stages"]
        return next(stage for stage in stages if stage["id"] == stage_id)

    def around(self, deals: Sequence[Rest]) -> dict[str, Any]:
        """Give what cards show beside the deal itself."""
        desk = self.desk
        companies = (("company", deal["company_id"]) for deal in deals)
        badges = desk.records["deal"].badges(current_actor(), deals) if deals else {}
        return {
            "links": desk.links(companies),
            "badges": badges,
            "desk": desk,
            "may_write": desk.may("write", "deal"),
        }


def blueprint(board: Board) -> Blueprint:
    """Serve `/deals` as a board, or as the table with `?view=table`."""
    pages = Blueprint("board", __name__, url_prefix="/deals")

    @pages.get("", endpoint="show")
    def show() -> Page:
        """Show the board of one pipeline."""
        return board.table() if request.args.get("view") == "table" else _board_page(board)

    @pages.get("/stages/<stage_id>")
    def more(stage_id: str) -> Page:
        """Give further cards of a column, to htmx."""
        return _more(board, stage_id)

    @pages.post("/<identifier>/move")
    def move(identifier: str) -> Page:
        """Move a deal; programs of the page get JSON, forms go back to the board."""
        if request.accept_mimetypes.best == "application/json":
            try:
                return respond(_moved(board, identifier))
            except AppError as error:
                return problem(error, g.request_id)
        return _move_by_form(board, identifier)

    @pages.post("/quick")
    def quick() -> Page:
        """Create a deal at the head of a column."""
        return _quick(board)

    return pages


def _board_page(board: Board) -> str:
    actor, desk = current_actor(), board.desk
    pipelines = board.pipelines.list(actor)
    asked, owner = request.args.get("pipeline", ""), request.args.get("owner_id", "")
    pipeline = next((each for each in pipelines if each["id"] == asked), None)
    pipeline = pipeline or (pipelines[0] if pipelines else None)
    columns: Sequence[service.BoardColumn] = ()
    if pipeline is not None:
        owner_id = actor.user_id if owner == "me" else owner
        totals = board.flow.totals(actor, pipeline["id"])
        door = desk.records["deal"]
        columns = service.columns(door, actor, pipeline, totals, owner_id or None)
    deals = [deal for column in columns for deal in column.deals]
    return render(
        "crm/board.html",
        pipelines=pipelines, pipeline=pipeline, columns=columns, owner=owner,
        here=_here(pipeline, owner), total=_total, today=desk.today().isoformat(),
        is_empty=not any(column.sums.count for column in columns), **board.around(deals),
    )  # fmt: skip


def _more(board: Board, stage_id: str) -> str:
    stage, actor = board.stage(stage_id), current_actor()
    owner = request.args.get("owner_id", "")
    owner_id = actor.user_id if owner == "me" else owner or None
    cursor = request.args.get("cursor")
    deals, after = service.cards(board.desk.records["deal"], actor, stage, owner_id, cursor)
    pipeline = board.pipeline_of(stage_id)
    return render(
        "crm/_cards.html",
        deals=deals, stage=stage, pipeline=pipeline, owner=owner, next_cursor=after,
        today=board.desk.today().isoformat(), here=_here(pipeline, owner), **board.around(deals),
    )  # fmt: skip


def _moved(board: Board, identifier: str) -> dict[str, Any]:
    deal = _move(board, identifier)
    pipeline = board.pipeline_of(deal["stage_id"])
    totals = board.flow.totals(current_actor(), pipeline["id"])
    sums = service.column_sums(pipeline, totals)
    columns = {key: {"count": each.count, "total": _total(each)} for key, each in sums.items()}
    return {"data": deal, "columns": columns}


def _move(board: Board, identifier: str) -> Rest:
    stage = board.stage(request.form.get("stage_id", ""))
    changes: dict[str, Any] = {"stage_id": stage["id"]}
    reason = request.form.get("lost_reason", "").strip()
    if reason:
        changes["lost_reason"] = reason
    deals = board.desk.records["deal"]
    return deals.update(current_actor(), identifier, changes, sent_version())


def _move_by_form(board: Board, identifier: str) -> Page:
    stage = board.stage(request.form.get("stage_id", ""))
    board.desk.demand_write("deal")
    if stage["kind"] == "lost" and "lost_reason" not in request.form:
        return redirect(f"/deals/{identifier}/lose", 303)
    deal = _move(board, identifier)
    flash(f"{deal['name']} is moved to {stage['name']}.", "success")
    return redirect(f"/deals?{urlencode({'pipeline': deal['pipeline_id']})}", 303)


def _quick(board: Board) -> Page:
    actor, sent = current_actor(), request.form
    stage_id = sent.get("stage_id", "")
    draft = {
        "name": sent.get("name", "").strip(),
        "amount": sent.get("amount", "").strip() or None,
        "stage_id": stage_id,
        "owner_id": actor.user_id,
    }
    board.desk.demand_write("deal")
    try:
        deal = board.desk.records["deal"].create(actor, draft)
    except ValidationFailed as error:
        # The small form at the head has no room for what is wrong; the large one shows it all.
        flash(error.findings[0].message, "error")
        fields: Mapping[str, str] = {key: value for key, value in draft.items() if value}
        return redirect(f"/deals/new?{urlencode(fields)}", 303)
    flash(f"{deal['name']} is created.", "success")
    return redirect(f"/deals?{urlencode({'pipeline': deal['pipeline_id']})}", 303)


def _here(pipeline: Rest | None, owner: str) -> str:
    chosen = {"pipeline": pipeline["id"] if pipeline else "", "owner_id": owner}
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"/deals?{query}" if query else "/deals"


def _total(sums: service.ColumnSums) -> str:
    """Give what stands below a column's name: its worth, and what of it to expect."""
    worth = " + ".join(money_short(each.amount, each.currency) for each in sums.sums)
    weighted = [each for each in sums.sums if each.weighted not in (each.amount, "0", "0.00")]
    if not weighted:
        return worth
    expected = " + ".join(money_short(each.weighted, each.currency) for each in weighted)
    return f"{worth}\n{expected} weighted"
