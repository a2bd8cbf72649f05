"""The REST door to pipelines."""

from flask import Blueprint, Response

from geminicrm.api.http import if_match, json_body, respond
from geminicrm.crm.pipelines.commands import PipelineCommands
from geminicrm.crm.shared.api import answer
from geminicrm.identity.guards import current_actor


def blueprint(pipelines: PipelineCommands) -> Blueprint:
    """Give GET and POST `/api/pipelines`, GET and PATCH `/<id>`."""
    made = Blueprint("api_pipelines", __name__, url_prefix="/api/pipelines")

    @made.get("")
    def list_pipelines() -> Response:
        return respond({"data": pipelines.list(current_actor()), "next_cursor": None})

    @made.post("")
    def create_pipeline() -> Response:
        made = pipelines.create(current_actor(), json_body())
        return answer(made, 201, location=f"/api/pipelines/{made['id']}")

    @made.get("/<identifier>")
    def get_pipeline(identifier: str) -> Response:
        return answer(pipelines.get(current_actor(), identifier))

    @made.patch("/<identifier>")
    def update_pipeline(identifier: str) -> Response:
        changed = pipelines.update(current_actor(), identifier, json_body(), if_match())
        return answer(changed)

    return made
