"""POST /api/installations/<extension-id>/replay."""

from dataclasses import asdict

from flask import Blueprint, Response

from geminicrm.api.http import respond
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.runtime.bodies import ReplayBody, read_body
from geminicrm.runtime.replaying.replays import Replays

_OK, _ACCEPTED = 200, 202


def blueprint(replays: Replays) -> Blueprint:
    """Serve it."""
    api = Blueprint("replays_api", __name__, url_prefix="/api/installations")

    @api.post("/<extension_id>/replay")
    def replay(extension_id: str) -> Response:
        body, actor = read_body(ReplayBody), current_actor()
        if body.dry_run:
            trial = replays.dry_run(
                actor,
                extension_id,
                body.event_id,
                body.version,
                allow_unsigned=body.allow_unsigned,
            )
            return respond(trial.to_dict(), _OK)
        if body.version is not None:
            message = "Only the installed version gets an event for real; leave it out."
            raise ValidationFailed([Finding("/version", "dry_run_only", message)])
        queued = replays.again(actor, extension_id, body.event_id)
        return respond({"dry_run": False, **asdict(queued)}, _ACCEPTED)

    return api
