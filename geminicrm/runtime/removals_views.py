"""The buttons of what was uninstalled: bring it back, or delete it for good."""

from flask import Blueprint, flash, redirect, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, Conflict
from geminicrm.runtime.inventory import MANAGE
from geminicrm.runtime.problems import InstallFailed
from geminicrm.runtime.removals import Removals


def blueprint(removals: Removals) -> Blueprint:
    """Serve the forms below /installed/removed; the list itself is part of /installed."""
    pages = Blueprint("removals", __name__, url_prefix="/installed/removed")

    @pages.post("/<removal_id>/restore")
    @needs(MANAGE)
    def restore(removal_id: str) -> Response:
        try:
            change = removals.restore(current_actor(), removal_id)
        except (Conflict, InstallFailed) as error:
            return _refused(error)
        flash(f"{change.installation['name']} is back, with all that it had.", "success")
        return redirect(url_for("installed.overview", extension_id=_id(change.installation)))

    @pages.post("/<removal_id>/forget")
    @needs(MANAGE)
    def forget(removal_id: str) -> Response:
        removals.forget(current_actor(), removal_id)
        flash("It is deleted for good.", "success")
        return _list()

    return pages


def _id(installation: dict[str, object]) -> str:
    return str(installation["extension_id"])


def _refused(error: AppError) -> Response:
    flash(error.detail, "error")
    return _list()


def _list() -> Response:
    return redirect(url_for("installed.index"))
