"""The doors of this room, ready to be registered."""

from typing import Final

from flask import Blueprint

from geminicrm.identity.guards import Credentials
from geminicrm.identity.views import Above
from geminicrm.members import account_views, api, link_views, views
from geminicrm.members.assembly import Members

ABOVE: Final = Above(cards=(account_views.card,), forgotten_url="/forgot-password")
"""What this room adds to the pages of identity."""


def blueprints(room: Members, credentials: Credentials) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (
        api.blueprint(room),
        views.blueprint(room),
        account_views.blueprint(room),
        link_views.blueprint(room, credentials),
    )
