"""The page of the test receiver, and the door at which it receives."""

import hashlib
from typing import Any, Final

import orjson
from flask import Blueprint, Response, flash, g, redirect, request, url_for
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.identity.guards import current_actor, for_services, needs, public, reading, writing
from geminicrm.kernel.errors import NotFound
from geminicrm.web.pages import render
from geminicrm.webhooks.receiver.models import Caught
from geminicrm.webhooks.receiver.service import (
    ANSWERS,
    MANAGE,
    MOST_BYTES,
    READ,
    Arrived,
    Receivers,
)

_STOP_ASKING: Final = 286
"""htmx takes an answer with this status and asks no more."""
_UNTOLD: Final = frozenset({"cookie", "authorization"})
_REDIRECTS: Final = range(300, 400)
_RETRY_AFTER: Final = frozenset({429, 503})


def blueprint(receivers: Receivers) -> Blueprint:
    """Serve /webhooks/receiver and /webhooks/test/<token>."""
    pages = Blueprint(
        "webhook_receiver", __name__, template_folder="templates", url_prefix="/webhooks"
    )
    pages.add_app_template_filter(_readable, "readable_body")
    _serve_page(pages, receivers)
    _serve_acts(pages, receivers)
    _serve_door(pages, receivers)
    return pages


def _serve_page(pages: Blueprint, receivers: Receivers) -> None:
    @pages.get("/receiver")
    @needs(READ)
    def index() -> str:
        return render("webhooks/receiver.html", **_found(receivers))

    @pages.get("/receiver/watch")
    @public
    def watch() -> Response:
        """Answer the list that asks again; open to all, or a sign-in page would take its place."""
        if g.get("actor") is None or not current_actor().allows(READ):
            return Response(render("webhooks/signed_out.html"), _STOP_ASKING)
        found = _found(receivers)
        if request.args.get("seen") == found["seen"]:
            return Response(status=204)
        return Response(render("webhooks/caught_watch.html", **found))


def _serve_acts(pages: Blueprint, receivers: Receivers) -> None:
    @pages.post("/receiver/make")
    @needs(MANAGE)
    def make() -> AnyResponse:
        with writing() as work:
            receivers.make(work)
        flash("This address receives from now on.", "success")
        return redirect(url_for("webhook_receiver.index"), 303)

    @pages.post("/receiver/answer")
    @needs(MANAGE)
    def answer() -> AnyResponse:
        status = request.form.get("answer", 0, int)
        with writing() as work:
            receivers.answer_with(work, status)
        flash(f"It answers with {status} from now on.", "success")
        return redirect(url_for("webhook_receiver.index"), 303)

    @pages.post("/receiver/clear")
    @needs(MANAGE)
    def clear() -> AnyResponse:
        with writing() as work:
            receivers.clear(work)
        flash("What had arrived is forgotten.", "success")
        return redirect(url_for("webhook_receiver.index"), 303)


def _serve_door(pages: Blueprint, receivers: Receivers) -> None:
    @pages.route("/test/<token>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
    @for_services
    def receive(token: str) -> AnyResponse:
        """Keep what arrives; whoever sends is a stranger, and learns nothing."""
        try:
            status = receivers.catch(token, _arrived())
        except NotFound:
            return Response("No test receiver is here.\n", 404, content_type="text/plain")
        response = Response(status=status)
        if status in _REDIRECTS:
            response.headers["Location"] = url_for("webhook_receiver.receive", token=token)
        if status in _RETRY_AFTER:
            response.headers["Retry-After"] = "30"
        return response


def _arrived() -> Arrived:
    try:
        body = request.get_data(cache=False)
        size = len(body)
    except RequestEntityTooLarge:
        body, size = b"", request.content_length or MOST_BYTES
    return Arrived(
        method=request.method,
        query=request.query_string.decode("latin-1"),
        headers={name: value for name, value in request.headers if name.lower() not in _UNTOLD},
        body=body,
        size=size,
    )


def _found(receivers: Receivers) -> dict[str, Any]:
    with reading() as work:
        row = receivers.find(work)
        caught = receivers.caught(work) if row is not None else ()
    may_change = current_actor().allows(MANAGE)
    body = render("webhooks/caught.html", caught=caught, may_change=may_change)
    return {
        "receiver": row,
        "url": receivers.url(row) if row is not None else "",
        "answers": [{"value": status, "label": _LABELS[status]} for status in ANSWERS],
        "may_change": may_change,
        "caught": caught,
        "body": Markup(body),  # noqa: S704 - a template of ours, escaped
        "seen": hashlib.blake2b(body.encode(), digest_size=8).hexdigest(),
    }


_LABELS: Final = {
    200: "200: taken",
    204: "204: taken",
    301: "301: moved (counts as a failure)",
    400: "400: refused",
    410: "410: gone (switches the endpoint off)",
    429: "429: too many, with Retry-After 30",
    500: "500: broken",
    503: "503: away, with Retry-After 30",
}


def _readable(caught: Caught) -> str:
    """Give a body as people read it: JSON with its lines, other text as it is."""
    try:
        return orjson.dumps(orjson.loads(caught.body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return caught.body.decode("utf-8", "replace")
