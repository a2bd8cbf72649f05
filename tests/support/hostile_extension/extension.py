"""The extension itself: one route for each kind of attack."""

from typing import Any

from flask import Blueprint, Response, request
from typing_extensions import override

from extensions.extension_base import ExtensionBase

from .attacks import answers, doors, system, wire
from .attacks.tools import attempt


class Hostile(ExtensionBase):
    """Runs the attack that a test names and says what came of it."""

    @override
    def install(self) -> None:
        """Do nothing yet."""

    @override
    def uninstall(self) -> None:
        """Leave nothing."""

    @override
    def get_routes(self) -> Blueprint:
        """Give the routes; the body of a request names the aims."""
        routes = Blueprint("hostile", __name__, url_prefix="/api/extensions/hostile")

        @routes.get("/hello")
        def hello() -> dict[str, Any]:
            return {"hello": "world"}

        @routes.post("/attack/<name>")
        def attack(name: str) -> dict[str, Any]:
            return attempt(system.ATTACKS[name], request.get_json())

        @routes.post("/door/<name>")
        def door(name: str) -> dict[str, Any]:
            return attempt(doors.ATTACKS[name], {**request.get_json(), "app": self.app})

        @routes.post("/wire/<name>")
        def over_the_wire(name: str) -> dict[str, Any]:
            return attempt(wire.ATTACKS[name], request.get_json())

        @routes.post("/answer/<name>")
        def answer(name: str) -> Response:
            return answers.ANSWERS[name]()

        return routes
