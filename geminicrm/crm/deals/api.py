"""The REST door to deals."""

from typing import Any

from flask import Blueprint, Response, request

from geminicrm.api.http import if_match, json_body
from geminicrm.crm.deals.commands import DealFlow
from geminicrm.crm.deals.schemas import LoseInput, WinInput
from geminicrm.crm.shared.api import answer, record_blueprint
from geminicrm.crm.shared.commands import RecordCommands
from geminicrm.crm.shared.schemas import Input, parse
from geminicrm.identity.guards import current_actor


def blueprint(deals: RecordCommands, flow: DealFlow) -> Blueprint:
    """Give `/api/deals` with PUT `/<id>/win` and `/<id>/lose`."""
    made = record_blueprint(deals)

    @made.put("/<identifier>/win")
    def win(identifier: str) -> Response:
        _body(WinInput)
        return answer(flow.win(current_actor(), identifier, if_match()))

    @made.put("/<identifier>/lose")
    def lose(identifier: str) -> Response:
        reason = _body(LoseInput).get("reason")
        return answer(flow.lose(current_actor(), identifier, reason, if_match()))

    return made


def _body(schema: type[Input]) -> dict[str, Any]:
    return parse(schema, json_body()) if request.content_length else {}
