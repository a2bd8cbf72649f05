"""The pages of deliveries: the log with its filters, one delivery, replays."""

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import AppError, NotFound
from geminicrm.kernel.paging import Page
from geminicrm.web.pages import render
from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.outgoing.book import MANAGE, READ
from geminicrm.webhooks.outgoing.listing import MOST
from geminicrm.webhooks.outgoing.questions import STATES, DeliveryQuestion
from geminicrm.webhooks.outgoing.replaying import Recovery

HOURS: Final = {
    "1": "Last hour",
    "24": "Last 24 hours",
    "72": "Last 3 days",
    "168": "Last 7 days",
    "720": "Last 30 days",
}
_DAY: Final = "24"
_TABS: Final = (("", "Attempts"), ("request", "Request"), ("response", "Response"))
_SHOWN_BYTES: Final = 16_384
_BESIDE: Final = 5
_KEPT: Final = ("endpoint_id", "state", "type", "object_id", "q", "hours")


def blueprint(outgoing: Outgoing) -> Blueprint:
    """Serve /webhooks/deliveries and /webhooks/recover."""
    pages = Blueprint("webhook_log", __name__, template_folder="templates", url_prefix="/webhooks")
    _serve_list(pages, outgoing)
    _serve_one(pages, outgoing)
    _serve_recovery(pages, outgoing)
    return pages


def _serve_list(pages: Blueprint, outgoing: Outgoing) -> None:
    @pages.get("/deliveries")
    @needs(READ)
    def deliveries() -> str:
        actor, kept = current_actor(), _kept(request.args)
        given = {
            **request.args.to_dict(),
            "since": _since(outgoing, kept.get("hours", "")),
        }
        question = DeliveryQuestion.parse(given)
        found = outgoing.deliveries.page(actor, question)
        endpoints = outgoing.endpoints.list(actor).data
        return render(
            "webhooks/deliveries.html",
            found=found,
            kept=kept,
            first=question.page.cursor is None,
            endpoints=endpoints,
            urls={one["id"]: one["url"] for one in endpoints},
            states=STATES,
            hours=HOURS,
            may_change=actor.allows(MANAGE),
        )

    @pages.get("/card/<kind>/<record_id>")
    @needs(READ)
    def card(kind: str, record_id: str) -> str:
        """Say beside a record what was sent of it; nothing where nothing was."""
        question = DeliveryQuestion(object_id=record_id, page=Page(limit=_BESIDE))
        found = outgoing.deliveries.page(current_actor(), question)
        return render("webhooks/card.html", found=found, kind=kind, record_id=record_id)

    @pages.post("/deliveries/replay")
    @needs(MANAGE)
    def replay_selected() -> Response:
        ids = request.form.getlist("ids")
        if not ids:
            flash("Choose deliveries first.", "warning")
            return _back_to_list()
        done = outgoing.replays.selected(current_actor(), ids)
        flash(f"{_count(done.replayed)} sent again.", "success" if done.replayed else "warning")
        for refusal in done.refused[:3]:
            flash(refusal.reason, "warning")
        return _back_to_list()


def _serve_one(pages: Blueprint, outgoing: Outgoing) -> None:
    @pages.get("/deliveries/<delivery_id>")
    @needs(READ)
    def delivery(delivery_id: str) -> str:
        found = outgoing.deliveries.get(current_actor(), delivery_id)
        tab = request.args.get("tab", "")
        attempts = found["attempts_made"]
        return render(
            "webhooks/delivery.html",
            delivery=found,
            tab=tab,
            tabs=[
                {
                    "label": label,
                    "url": url_for(".delivery", delivery_id=delivery_id, tab=name or None),
                    "active": name == tab,
                    "count": len(attempts) if not name else None,
                }
                for name, label in _TABS
            ],
            latest=attempts[-1] if attempts else None,
            readable=_readable(found["body"]),
            curl=_curl(found, attempts[-1]["request_headers"] if attempts else {}),
            most=_SHOWN_BYTES,
            may_change=current_actor().allows(MANAGE),
        )

    @pages.post("/deliveries/<delivery_id>/replay")
    @needs(MANAGE)
    def replay(delivery_id: str) -> Response:
        try:
            outgoing.replays.one(current_actor(), delivery_id)
            flash("It is sent again, as the same event.", "success")
        except NotFound:
            raise
        except AppError as error:
            flash(error.detail, "danger")
        return redirect(url_for(".delivery", delivery_id=delivery_id), 303)


def _serve_recovery(pages: Blueprint, outgoing: Outgoing) -> None:
    @pages.get("/recover")
    @needs(MANAGE)
    def recover() -> str:
        """Tell how many would be sent again, before anything is."""
        hours = _hours(request.args)
        endpoint_id = request.args.get("endpoint_id", "")
        recovery = Recovery(since=_from(outgoing, hours), endpoint_id=endpoint_id)
        count, refused = 0, ""
        try:
            count = outgoing.replays.count(current_actor(), recovery)
        except NotFound:
            raise
        except AppError as error:
            refused = error.detail
        return render(
            "webhooks/recover.html",
            count=count,
            most=MOST,
            refused=refused,
            hours=HOURS,
            chosen=hours,
            since=format_instant(recovery.since),
            endpoint_id=endpoint_id,
            endpoints=outgoing.endpoints.list(current_actor()).data,
        )

    @pages.post("/recover/all")
    @needs(MANAGE)
    def recover_all() -> Response:
        endpoint_id = request.form.get("endpoint_id", "")
        recovery = Recovery(since=_from(outgoing, _hours(request.form)), endpoint_id=endpoint_id)
        try:
            done = outgoing.replays.recover(current_actor(), recovery)
        except NotFound:
            raise
        except AppError as error:
            flash(error.detail, "danger")
        else:
            more = " Do it again for the rest." if done.left else ""
            flash(f"{_count(done.replayed)} sent again.{more}", "success")
        return redirect(url_for(".deliveries", endpoint_id=endpoint_id or None), 303)


def _kept(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name] for name in _KEPT if given.get(name)}


def _since(outgoing: Outgoing, hours: str) -> str:
    return format_instant(_from(outgoing, hours)) if hours in HOURS else ""


def _hours(given: Mapping[str, str]) -> str:
    chosen = given.get("hours", _DAY)
    return chosen if chosen in HOURS else _DAY


def _from(outgoing: Outgoing, hours: str) -> datetime:
    return outgoing.works.clock.now() - timedelta(hours=int(hours))


def _count(number: int) -> str:
    return f"{number:,} {'delivery is' if number == 1 else 'deliveries are'}"


def _back_to_list() -> Response:
    kept = _kept(request.args)
    return redirect(url_for("webhook_log.deliveries", **kept), 303)  # type: ignore[arg-type]  # texts alone


def _readable(body: str | None) -> str | None:
    """Give a body with its lines where it is JSON."""
    if body is None:
        return None
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body


def _curl(delivery: Mapping[str, Any], headers: Mapping[str, str]) -> str | None:
    """Give the request as a command; what was redacted has to be put in by hand."""
    if delivery["body"] is None:
        return None
    given = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    parts = [f"curl -X POST {shlex.quote(delivery['url'])}", *given]
    return " \\\n  ".join([*parts, f"--data-binary {shlex.quote(delivery['body'])}"])
