"""Two extensions: one declares a capability of its own and uses it, the other provides it."""

from typing import Any

DESK = "weather-desk"
SKY = "sky"
FORECAST = f"{DESK}.forecast"
USE = f"use:{FORECAST}"
PLACE = {
    "type": "object",
    "properties": {"place": {"type": "string", "minLength": 1}},
    "required": ["place"],
    "additionalProperties": False,
}
WEATHER = {
    "type": "object",
    "properties": {"place": {"type": "string"}, "degrees": {"type": "number"}},
    "required": ["place", "degrees"],
}
TYPE: dict[str, Any] = {
    "name": "forecast",
    "description": "Weather of the days to come.",
    "operations": [
        {
            "name": "look",
            "description": "Tell the weather of a place.",
            "changes": False,
            "arguments": PLACE,
            "result": WEATHER,
        },
        {
            "name": "order_rain",
            "description": "Have it rain.",
            "changes": True,
            "arguments": PLACE,
            "result": {"type": "null"},
        },
    ],
}
DESK_CODE = '''"""Asks for the weather."""

from flask import Blueprint, jsonify, request

from extensions.extension_base import ExtensionBase
from extensions.sdk.capabilities.using import using


class Desk(ExtensionBase):
    """Asks for the weather."""

    def install(self):
        return None

    def uninstall(self):
        return None

    def get_routes(self):
        routes = Blueprint("desk", __name__)

        @routes.get("/look")
        def look():
            desk = using(self.app.capabilities, "weather-desk.forecast")
            return jsonify(desk.look(**request.args))

        @routes.get("/ask/<capability>/<operation>")
        def ask(capability, operation):
            answered = self.app.capabilities.ask(capability, operation, dict(request.args))
            return jsonify(result=answered.result, service=answered.provider.service)

        @routes.get("/who/<capability>")
        def who(capability):
            found = self.app.capabilities.providers(capability)
            return jsonify([[one.service, one.name, one.connection_id] for one in found])

        return routes
'''
SKY_CODE = '''"""Knows the weather."""

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.capabilities.calling import perform
from extensions.sdk.service_errors import ServiceUnavailable


class Forecast:
    """What others may ask."""

    def look(self, place):
        if place == "Atlantis":
            raise ServiceUnavailable("It is under water.")
        if place == "Nowhere":
            return {"place": place}
        return {"place": place, "degrees": 21.5}

    def order_rain(self, place):
        return None


class Sky(ExtensionBase):
    """Knows the weather."""

    def install(self):
        return None

    def uninstall(self):
        return None

    def get_routes(self):
        return None

    @hookimpl
    def run_operation(self, capability, operation, arguments):
        return perform(Forecast(), capability, operation, arguments)
'''
DESK_FACTS: dict[str, Any] = {
    "id": DESK,
    "name": "Weather desk",
    "permissions": [USE],
    "capability_types": [TYPE],
}
SKY_FACTS: dict[str, Any] = {
    "id": SKY,
    "name": "Sky",
    "permissions": [],
    "provides": [FORECAST],
    "hooks": ["run_operation"],
}
