"""The doors by which this server asks itself whether it is reached from outside."""

import re
from typing import Final

from flask import Blueprint, Response

from geminicrm.connections.reachability import Reachability
from geminicrm.identity.guards import public
from geminicrm.kernel.errors import NotFound

_NONCE: Final = re.compile(r"[0-9a-f]{32}")


def blueprint(reachability: Reachability) -> Blueprint:
    """Serve /integrations/reachable/<nonce> and /api/reachable/<nonce>, to anybody."""
    doors = Blueprint("reachable", __name__)

    @doors.get("/integrations/reachable/<nonce>")
    @doors.get("/api/reachable/<nonce>")
    @public
    def reachable(nonce: str) -> Response:
        if _NONCE.fullmatch(nonce) is None:
            raise NotFound("nonce", nonce)
        answer = Response(reachability.proof(nonce), content_type="text/plain")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return doors
