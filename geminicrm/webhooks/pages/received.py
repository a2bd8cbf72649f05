"""The pages of what came in: the log with its filters, one request, working on it again."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import orjson
from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict
from geminicrm.web.pages import render
from geminicrm.webhooks.incoming.listing import MANAGE, READ, Question, find, items_of, receipts
from geminicrm.webhooks.incoming.models import RESULTS, STATES
from geminicrm.webhooks.incoming.replaying import ALL, ONLY_FAILED, reprocess
from geminicrm.webhooks.incoming.shapes import shape, whole
from geminicrm.webhooks.pages.log import HOURS

_KEPT: Final = ("connection", "service", "result", "state", "text", "hours")


def blueprint() -> Blueprint:
    """Serve /webhooks/received."""
    pages = Blueprint(
        "webhook_received",
        __name__,
        template_folder="templates",
        url_prefix="/webhooks/received",
    )

    @pages.get("")
    @needs(READ)
    def index() -> str:
        kept = {name: request.args[name] for name in _KEPT if request.args.get(name)}
        with reading() as work:
            given = dict(request.args)
            if kept.get("hours", "") in HOURS:
                since = work.now - timedelta(hours=int(kept["hours"]))
                given["since"] = format_instant(since)
            question = Question.parse(given)
            found = receipts(work, question)
            rows = [shape(row, found.states[row.id]) for row in found.rows]
        return render(
            "webhooks/received.html",
            rows=rows,
            next_cursor=found.next_cursor,
            first=question.page.cursor is None,
            kept=kept,
            results=RESULTS,
            states=STATES,
            hours=HOURS,
        )

    @pages.get("/<received_id>")
    @needs(READ)
    def one(received_id: str) -> str:
        with reading() as work:
            row = find(work, received_id)
            told = whole(row, items_of(work, row))
        return render(
            "webhooks/receipt.html",
            receipt=told,
            readable=_readable(told),
            items=[{**item, "readable": _pretty(item["data"])} for item in told["items"]],
            may_change=current_actor().allows(MANAGE),
        )

    @pages.post("/<received_id>/reprocess")
    @needs(MANAGE)
    def again(received_id: str) -> Response:
        which = ONLY_FAILED if request.form.get("which") == ONLY_FAILED else ALL
        try:
            with writing() as work:
                count = reprocess(work, received_id, which)
            flash(f"{count} event{'s are' if count != 1 else ' is'} worked on again.", "success")
        except Conflict as error:
            flash(error.detail, "warning")
        return redirect(url_for(".one", received_id=received_id), 303)

    return pages


def _readable(told: Mapping[str, str]) -> str:
    if told["encoding"] != "text":
        return told["body"]
    try:
        return _pretty(orjson.loads(told["body"]))
    except orjson.JSONDecodeError:
        return told["body"]


def _pretty(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
