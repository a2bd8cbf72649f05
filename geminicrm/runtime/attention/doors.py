"""The doors to what looks after installations: pages and REST."""

from dataclasses import asdict

from flask import Blueprint, Response, flash, g, redirect, request, url_for
from pydantic import BaseModel, ConfigDict, Field
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.api.http import etag, respond
from geminicrm.identity.guards import current_actor, needs
from geminicrm.runtime.attention.assembly import Care
from geminicrm.runtime.attention.look import OPERATE
from geminicrm.runtime.bodies import read_body
from geminicrm.runtime.inventory import MANAGE, READ
from geminicrm.web.navigation import Bar
from geminicrm.web.pages import render

_LIVE, _ACCEPTED = 200, 202
_SAFE = "Safe mode is on: no extension runs, and everything else works."


class SafeBody(BaseModel):
    """What PUT /api/safe-mode takes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    on: bool
    reason: str = Field(default="", max_length=500)


def blueprints(care: Care) -> tuple[Blueprint, ...]:
    """Make them."""
    return _api(care), _pages(care)


def _bars(care: Care) -> list[Bar]:
    actor = g.get("actor")
    if actor is None or not care.safe.on():
        return []
    if not actor.allows(OPERATE):
        return [Bar(text=f"{_SAFE} An operator can turn it off.")]
    return [Bar(text=_SAFE, link_label="Look at safe mode", link_url=url_for("care.safe_mode"))]


def _api(care: Care) -> Blueprint:
    api = Blueprint("care_api", __name__, url_prefix="/api")

    @api.get("/attention")
    @needs(READ)
    def attention() -> Response:
        found = [one.as_dict() for one in care.attention.list(current_actor())]
        return respond({"data": found, "next_cursor": None})

    @api.get("/workers")
    @needs(OPERATE)
    def workers() -> Response:
        return respond(care.workers.look(current_actor()))

    @api.get("/safe-mode")
    @needs(OPERATE)
    def safe_mode() -> Response:
        return respond(care.safe.state(current_actor()).as_dict())

    @api.put("/safe-mode")
    @needs(OPERATE)
    def turn() -> Response:
        body = read_body(SafeBody)
        return respond(asdict(care.safe.turn(current_actor(), on=body.on, reason=body.reason)))

    @api.post("/installations/<extension_id>/repair")
    @needs(MANAGE)
    def repair(extension_id: str) -> Response:
        change = care.repairs.repair(current_actor(), extension_id)
        headers = {"ETag": etag(change.installation["revision"])}
        return respond(change.installation, _LIVE if change.live else _ACCEPTED, headers)

    return api


def _pages(care: Care) -> Blueprint:
    pages = Blueprint("care", __name__, template_folder="../templates")

    # Asked for by the page of what is installed, and by no other.
    pages.add_app_template_global(lambda: care.attention.list(current_actor()), "problems")
    pages.add_app_template_global(lambda: _bars(care), "page_warnings")

    @pages.get("/operations/workers")
    @needs(OPERATE)
    def workers() -> str:
        return render("runtime/workers.html", **care.workers.look(current_actor()))

    @pages.get("/operations/safe-mode")
    @needs(OPERATE)
    def safe_mode() -> str:
        return render("runtime/safe_mode.html", state=care.safe.state(current_actor()))

    @pages.post("/operations/safe-mode")
    @needs(OPERATE)
    def turn() -> AnyResponse:
        on = request.form.get("on") == "yes"
        care.safe.turn(current_actor(), on=on, reason=request.form.get("reason", "")[:500])
        flash("Safe mode is on." if on else "Safe mode is off; extensions run again.", "success")
        return redirect(url_for("care.safe_mode"))

    @pages.post("/installed/<extension_id>/repair")
    @needs(MANAGE)
    def repair(extension_id: str) -> AnyResponse:
        change = care.repairs.repair(current_actor(), extension_id)
        live = "." if change.live else "; some workers are still catching up."
        flash(f"{extension_id} was fetched again{live}", "success")
        return redirect(url_for("installed.index"))

    return pages
