"""Statistics for programs of an author: figures by version and day, errors in groups."""

from dataclasses import asdict

from flask import Blueprint, Response, request

from geminicrm.api.http import respond
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from marketplace.statistics.figures import Errors
from marketplace.statistics.service import KEPT_DAYS, Statistics

_DAYS = 30


def blueprint(statistics: Statistics) -> Blueprint:
    """Serve both, below the extension that they are about."""
    api = Blueprint(
        "statistics_api", __name__, url_prefix="/api/marketplace/extensions/<extension_id>"
    )

    @api.get("/statistics")
    def figures(extension_id: str) -> Response:
        found = statistics.figures(current_actor(), extension_id, days_asked())
        days = [{**asdict(one), "day": one.day.isoformat()} for one in found.days]
        return respond({"versions": [asdict(one) for one in found.versions], "days": days})

    @api.get("/errors")
    def errors(extension_id: str) -> Response:
        version = request.args.get("version") or None
        found = statistics.errors(current_actor(), extension_id, version)
        return respond({"data": [_shown(one) for one in found], "next_cursor": None})

    return api


def days_asked() -> int:
    """Read how many days are asked for; ValidationFailed for other than 1 to KEPT_DAYS."""
    text = request.args.get("days", str(_DAYS))
    # Few ASCII digits: `int` takes more than a number of days can be.
    few = text.isascii() and text.isdigit() and len(text) <= len(str(KEPT_DAYS))
    days = int(text) if few else 0
    if not 1 <= days <= KEPT_DAYS:
        raise ValidationFailed([Finding("/days", "wrong_value", f"Ask for 1 to {KEPT_DAYS} days.")])
    return days


def _shown(group: Errors) -> dict[str, object]:
    instants = {name: format_instant(getattr(group, name)) for name in ("first_at", "last_at")}
    return {**asdict(group), **instants}
