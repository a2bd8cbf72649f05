"""The page of notifications, and the bell that every page has for those who may see them."""

from flask import Blueprint, Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.identity.guards import current_actor, needs, public, reading, writing
from geminicrm.kernel.paging import Page
from geminicrm.notifications.service import (
    READERS,
    list_notifications,
    mark_all_read,
    mark_read,
    unread_count,
)
from geminicrm.web.navigation import Bell
from geminicrm.web.pages import render

_STOP_ASKING = 286
"""htmx takes an answer with this status and asks no more."""


def blueprint() -> Blueprint:
    """Serve /notifications."""
    pages = Blueprint(
        "notifications", __name__, template_folder="templates", url_prefix="/notifications"
    )
    pages.add_app_template_global(_bell, "page_bell")

    @pages.get("")
    @needs(READERS)
    def index() -> str:
        unread = request.args.get("unread") == "1"
        page = Page(cursor=request.args.get("cursor") or None)
        with reading() as work:
            found = list_notifications(work, current_actor().user_id, page, unread=unread)
        return render(
            "notifications/list.html",
            found=found,
            unread=unread,
            first=page.cursor is None,
            any_unread=any(one["unread"] for one in found.data),
        )

    @pages.post("/<notification_id>/read")
    @needs(READERS)
    def read_one(notification_id: str) -> AnyResponse:
        with writing() as work:
            mark_read(work, current_actor().user_id, notification_id)
        return redirect(_back())

    @pages.post("/read-all")
    @needs(READERS)
    def read_all() -> AnyResponse:
        with writing() as work:
            mark_all_read(work, current_actor().user_id)
        flash("All notifications are marked as read.", "success")
        return redirect(_back())

    @pages.get("/bell")
    @public
    def bell() -> Response:
        """Answer the pages that ask again: with nothing where nothing has changed.

        Open to all, so that a page whose session has ended does not get the sign-in page in place
        of its bell; who may not see notifications gets no bell, and is asked to ask no more.
        """
        now = _bell()
        if now is None:
            return Response(status=_STOP_ASKING)
        if request.args.get("shown") == str(now.unread):
            return Response(status=204)
        return Response(render("ui/bell.html", bell=now))

    return pages


def _bell() -> Bell | None:
    """Count what is unread for whoever looks at a page; None for whom no bell is there."""
    actor = g.get("actor")
    if actor is None or not actor.allows(READERS):
        return None
    with reading() as work:
        unread = unread_count(work, actor.user_id)
    return Bell(
        unread=unread,
        url=url_for("notifications.index"),
        ask_url=url_for("notifications.bell", shown=unread),
    )


def _back() -> str:
    unread = request.form.get("unread") == "1"
    return url_for("notifications.index", unread="1" if unread else None)
