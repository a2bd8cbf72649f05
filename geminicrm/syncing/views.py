"""The section about syncing on a connection's page, and the card beside records."""

from typing import Any

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.errors import AppError, NotFound, ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.kernel.work import Work
from geminicrm.syncing import status
from geminicrm.syncing.choosing import MANAGE, READ, Choosing
from geminicrm.syncing.doors_needed import Place
from geminicrm.syncing.models import KINDS
from geminicrm.syncing.shapes import read_form
from geminicrm.web.pages import render

_SHOWN = 20
_NOUNS = {"company": "companies", "contact": "contacts", "deal": "deals"}
_WORDS = {
    "direction": (
        ("both", "Both ways"),
        ("in", "Only from there to here"),
        ("out", "Only from here to there"),
    ),
    "conflicts": (
        ("newest", "The newer change wins"),
        ("ours", "What stands here wins"),
        ("theirs", "What stands there wins"),
    ),
    "deletes": (
        ("keep", "Keep the other record, and break the link"),
        ("follow", "Delete the other record too"),
    ),
}


def blueprint(choosing: Choosing) -> Blueprint:
    """Serve /syncing."""
    pages = Blueprint("syncing", __name__, template_folder="templates", url_prefix="/syncing")
    _serve_section(pages, choosing)
    _serve_acts(pages, choosing)

    @pages.get("/card/<kind>/<record_id>")
    @needs(READ)
    def card(kind: str, record_id: str) -> str:
        with reading() as work:
            links = status.beside(work, kind, record_id)
            found = [(link, _visible(choosing, work, link["connection_id"])) for link in links]
        shown = [(link, place) for link, place in found if place is not None]
        return render("syncing/card.html", links=shown, kind=kind)

    return pages


def _serve_section(pages: Blueprint, choosing: Choosing) -> None:
    @pages.get("/connection/<connection_id>")
    @needs(READ)
    def section(connection_id: str) -> str:
        with reading() as work:
            place = choosing.place(work, connection_id)
            if not place.syncs:
                return ""
            found, _ = status.failed(work, connection_id, Page(limit=_SHOWN))
            sync = status.state(work, connection_id)
        return render("syncing/section.html", **_words(place, sync), failed=found)

    @pages.get("/connection/<connection_id>/progress")
    @needs(READ)
    def progress(connection_id: str) -> str:
        with reading() as work:
            place = choosing.place(work, connection_id)
            sync = status.state(work, connection_id)
        return render("syncing/progress.html", **_words(place, sync))


def _serve_acts(pages: Blueprint, choosing: Choosing) -> None:
    @pages.post("/connection/<connection_id>")
    @needs(MANAGE)
    def save(connection_id: str) -> Response:
        try:
            with writing() as work:
                choosing.change(work, connection_id, read_form(request.form))
            flash("Saved: this is what is synced from now on.", "success")
        except ValidationFailed as error:
            flash(" ".join(one.message for one in error.findings), "danger")
        return _back(connection_id)

    @pages.post("/connection/<connection_id>/run")
    @needs(MANAGE)
    def run(connection_id: str) -> Response:
        try:
            with writing() as work:
                choosing.run(work, connection_id)
            flash("The sync begins.", "success")
        except NotFound:
            raise
        except AppError as error:
            flash(error.detail, "danger")
        return _back(connection_id)

    @pages.post("/connection/<connection_id>/again/<link_id>")
    @needs(MANAGE)
    def again(connection_id: str, link_id: str) -> Response:
        with writing() as work:
            choosing.again(work, connection_id, link_id)
        flash("It is tried again.", "success")
        return _back(connection_id)


def _visible(choosing: Choosing, work: Work, connection_id: str) -> Place | None:
    try:
        return choosing.place(work, connection_id)
    except NotFound:  # somebody's own
        return None


def _words(place: Place, sync: dict[str, Any]) -> dict[str, Any]:
    return {
        "place": place,
        "sync": sync,
        "kinds": [(kind, _NOUNS[kind].capitalize()) for kind in KINDS],
        "nouns": _NOUNS,
        "words": {
            name: [{"value": value, "label": label} for value, label in choices]
            for name, choices in _WORDS.items()
        },
        "may_change": current_actor().allows(MANAGE),
    }


def _back(connection_id: str) -> Response:
    return redirect(f"/integrations/{connection_id}#sync", 303)
