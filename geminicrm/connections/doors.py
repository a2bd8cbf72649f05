"""The doors of this room, ready to be registered."""

from collections.abc import Sequence

from flask import Blueprint

from geminicrm.connections import api, one_views, reach_views, views
from geminicrm.connections.assembly import Connections
from geminicrm.connections.sections import Section


def blueprints(connections: Connections, sections: Sequence[Section] = ()) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST; `sections` are what other rooms put on pages."""
    return (
        api.blueprint(connections),
        views.blueprint(connections),
        one_views.blueprint(connections, sections),
        reach_views.blueprint(connections.reachability),
    )
