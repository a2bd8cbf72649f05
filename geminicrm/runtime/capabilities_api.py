"""/api/capabilities for programs."""

from flask import Blueprint, Response

from geminicrm.api.http import respond
from geminicrm.identity.guards import current_actor
from geminicrm.runtime.capability_list import CapabilityList


def blueprint(capabilities: CapabilityList) -> Blueprint:
    """Serve which capabilities there are, and who provides them."""
    api = Blueprint("capabilities_api", __name__, url_prefix="/api/capabilities")

    @api.get("")
    def list_capabilities() -> Response:
        return respond({"data": capabilities.all(current_actor()), "next_cursor": None})

    @api.get("/<name>")
    def one_capability(name: str) -> Response:
        return respond(capabilities.one(current_actor(), name))

    return api
