"""/api/notifications for programs."""

from flask import Blueprint, Response, request

from geminicrm.api.http import respond, respond_page
from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.notifications.service import (
    READERS,
    list_notifications,
    mark_all_read,
    mark_read,
)

_YES_OR_NO = {"1": True, "0": False}


def blueprint() -> Blueprint:
    """Serve the list and the marks."""
    api = Blueprint("notifications_api", __name__, url_prefix="/api/notifications")

    @api.get("")
    @needs(READERS)
    def list_all() -> Response:
        page = Page.parse(request.args.get("limit"), request.args.get("cursor"))
        unread = _unread(request.args.get("unread", "0"))
        with reading() as work:
            found = list_notifications(work, current_actor().user_id, page, unread=unread)
        return respond_page(found.data, found.next_cursor)

    @api.post("/<notification_id>/read")
    @needs(READERS)
    def read_one(notification_id: str) -> Response:
        with writing() as work:
            return respond(mark_read(work, current_actor().user_id, notification_id))

    @api.post("/read-all")
    @needs(READERS)
    def read_all() -> Response:
        with writing() as work:
            return respond({"read": mark_all_read(work, current_actor().user_id)})

    return api


def _unread(text: str) -> bool:
    if text not in _YES_OR_NO:
        finding = Finding("/unread", "bad_filter", "Write 1 for the unread ones alone, else 0.")
        raise ValidationFailed([finding])
    return _YES_OR_NO[text]
