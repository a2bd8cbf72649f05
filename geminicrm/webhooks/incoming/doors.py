"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.connections.book import ConnectionBook
from geminicrm.webhooks.incoming import api, receive_api, views
from geminicrm.webhooks.incoming.assembly import Incoming


def blueprints(incoming: Incoming, book: ConnectionBook) -> tuple[Blueprint, ...]:
    """Give the blueprints: where services post to, the log for programs, the connection's part."""
    return (
        receive_api.blueprint(incoming.reception, incoming.public_url),
        api.blueprint(),
        views.blueprint(incoming, book),
    )
