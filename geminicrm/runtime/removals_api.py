"""The REST endpoints of what was uninstalled and can be brought back."""

from dataclasses import asdict

from flask import Blueprint, Response

from geminicrm.api.http import no_content, respond
from geminicrm.identity.guards import current_actor
from geminicrm.runtime.removals import Removals

_LIVE, _ACCEPTED = 200, 202


def blueprint(removals: Removals) -> Blueprint:
    """Serve /api/removals."""
    api = Blueprint("removals_api", __name__, url_prefix="/api/removals")

    @api.get("")
    def removed() -> Response:
        return respond({"data": removals.removed(current_actor()), "next_cursor": None})

    @api.post("/<removal_id>/restore")
    def restore(removal_id: str) -> Response:
        change = removals.restore(current_actor(), removal_id)
        report = {**change.installation, "steps": [asdict(each) for each in change.steps]}
        return respond(report, _LIVE if change.live else _ACCEPTED)

    @api.delete("/<removal_id>")
    def forget(removal_id: str) -> Response:
        removals.forget(current_actor(), removal_id)
        return no_content()

    return api
