"""The part about webhooks on a connection's page."""

from flask import Blueprint, flash, redirect
from werkzeug.wrappers import Response

from geminicrm.connections.book import READ, ConnectionBook, require_change
from geminicrm.connections.models import Connection
from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Forbidden
from geminicrm.kernel.work import Work
from geminicrm.web.pages import render
from geminicrm.webhooks.incoming.addresses import OLD_HOLDS
from geminicrm.webhooks.incoming.assembly import Incoming
from geminicrm.webhooks.incoming.listing import READ as READ_LOG
from geminicrm.webhooks.incoming.listing import facts_of

_HOUR = 3600


def blueprint(incoming: Incoming, book: ConnectionBook) -> Blueprint:
    """Serve /webhooks/in/connection/<id>."""
    pages = Blueprint(
        "webhooks_in_pages", __name__, template_folder="templates", url_prefix="/webhooks/in"
    )

    @pages.get("/connection/<connection_id>")
    @needs(READ)
    def section(connection_id: str) -> str:
        actor = current_actor()
        with reading() as work:
            row = book.get(work, connection_id)
            facts = facts_of(work, row.id)
            may_change = _may_change(work, row)
        entries = incoming.receivers.entries(actor.workspace_id, row.extension_id)
        found = [incoming.receivers.find(row.workspace_id, row.id, one.id) for one in entries]
        return render(
            "webhooks_in/section.html",
            connection_id=row.id,
            facts={**facts, "last": format_instant(facts["last"]) if facts["last"] else None},
            unsigned=any(incoming.reception.lacks_secret(one) for one in found if one is not None),
            may_read=actor.allows(READ_LOG),
            may_change=may_change,
            hours=int(OLD_HOLDS.total_seconds()) // _HOUR,
        )

    @pages.post("/connection/<connection_id>/renew")
    @needs(READ)
    def renew(connection_id: str) -> Response:
        with writing() as work:
            row = book.get(work, connection_id)
            require_change(work, row.owner_id)
            incoming.addresses.renew(work, row.id)
        flash("There is a new address: enter it at the service within a day.", "success")
        return redirect(f"/integrations/{connection_id}#addresses", 303)

    return pages


def _may_change(work: Work, row: Connection) -> bool:
    try:
        require_change(work, row.owner_id)
    except Forbidden:  # ScopeMissing is one
        return False
    return True
