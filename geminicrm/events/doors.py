"""The doors of this room, ready to be registered."""

from collections.abc import Iterable

from flask import Blueprint

from geminicrm.events import api
from geminicrm.events.catalogue import Catalogue
from geminicrm.events.feed import Feed
from geminicrm.kernel.events import EventType
from geminicrm.kernel.work import Works


def blueprints(works: Works, types: Iterable[EventType]) -> tuple[Blueprint, ...]:
    """Give the blueprints of the catalogue and the feed."""
    catalogue = Catalogue(types)
    return (api.blueprint(catalogue, Feed(works, catalogue)),)
