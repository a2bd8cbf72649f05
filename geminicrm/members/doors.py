"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.identity.guards import Credentials
from geminicrm.members import account_views, api, link_views, views
from geminicrm.members.assembly import Members


def blueprints(room: Members, credentials: Credentials) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (
        api.blueprint(room),
        views.blueprint(room),
        account_views.blueprint(room),
        link_views.blueprint(room, credentials),
    )
