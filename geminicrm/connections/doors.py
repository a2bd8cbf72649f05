"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.connections import api, one_views, reach_views, views
from geminicrm.connections.assembly import Connections


def blueprints(connections: Connections) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (
        api.blueprint(connections),
        views.blueprint(connections),
        one_views.blueprint(connections),
        reach_views.blueprint(connections.reachability),
    )
