"""The pages on which an author sees how an extension fares, and where it fails."""

from typing import Any

from flask import Blueprint, request

from geminicrm.identity.guards import current_actor, needs
from geminicrm.web.pages import render
from marketplace.developer.desk import Desk
from marketplace.statistics.api import days_asked
from marketplace.statistics.figures import DayFigures
from marketplace.statistics.service import Statistics

PUBLISH = "publish:extensions"
_COLUMNS = (
    ("installs", "Installs"),
    ("upgrades", "Upgrades"),
    ("returns", "Returns"),
    ("uninstalls", "Uninstalls"),
    ("downloads", "Downloads"),
)
_PERIODS = (7, 30, 90)


def blueprint(statistics: Statistics, desk: Desk) -> Blueprint:
    """Serve two tabs below /developer/extensions/<id>."""
    pages = Blueprint("statistics", __name__, url_prefix="/developer/extensions/<extension_id>")

    @pages.get("/statistics")
    @needs(PUBLISH)
    def figures(extension_id: str) -> str:
        days = days_asked()
        found = statistics.figures(current_actor(), extension_id, days)
        return render(
            "developer/statistics.html",
            tab="statistics",
            extension=desk.extension(current_actor(), extension_id),
            versions=found.versions,
            charts=[_chart(found.days, name, label) for name, label in _COLUMNS],
            periods=[(each, each == days) for each in _PERIODS],
        )

    @pages.get("/errors")
    @needs(PUBLISH)
    def errors(extension_id: str) -> str:
        version = request.args.get("version") or None
        found = statistics.errors(current_actor(), extension_id)
        return render(
            "developer/errors.html",
            tab="errors",
            extension=desk.extension(current_actor(), extension_id),
            groups=[one for one in found if version in {None, one.version}],
            versions=sorted({one.version for one in found}),
            version=version,
        )

    return pages


def _chart(days: tuple[DayFigures, ...], name: str, label: str) -> dict[str, Any]:
    points = [(one.day.isoformat(), getattr(one, name)) for one in days]
    return {"label": label, "unit": label.lower(), "points": points}
