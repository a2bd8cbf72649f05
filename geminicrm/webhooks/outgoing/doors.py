"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.webhooks.outgoing import api, delivery_api, hooks_api
from geminicrm.webhooks.outgoing.assembly import Outgoing


def blueprints(room: Outgoing) -> tuple[Blueprint, ...]:
    """Give the blueprints of REST."""
    return (api.blueprint(room), delivery_api.blueprint(room), hooks_api.blueprint(room))
