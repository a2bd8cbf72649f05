"""The REST door to leads."""

from flask import Blueprint, Response, request

from geminicrm.api.http import if_match, json_body, respond
from geminicrm.crm.leads.commands import LeadConversion
from geminicrm.crm.shared.api import record_blueprint
from geminicrm.crm.shared.commands import RecordCommands
from geminicrm.identity.guards import current_actor


def blueprint(leads: RecordCommands, convert: LeadConversion) -> Blueprint:
    """Give `/api/leads` with POST `/<id>/convert`."""
    made = record_blueprint(leads)

    @made.post("/<identifier>/convert")
    def convert_lead(identifier: str) -> Response:
        body = json_body() if request.content_length else {}
        return respond(convert(current_actor(), identifier, body, if_match()))

    return made
