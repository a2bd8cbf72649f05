"""The doors of this room, ready to be registered."""

from collections.abc import Iterable

from flask import Blueprint

from geminicrm.events import api
from geminicrm.events.catalogue import Catalogues, TypesOf
from geminicrm.events.feed import Feed
from geminicrm.kernel.events import EventType
from geminicrm.kernel.work import Works


def blueprints(
    works: Works, types: Iterable[EventType], of_extensions: TypesOf
) -> tuple[Blueprint, ...]:
    """Give the blueprints of the catalogue and the feed; `types` are those of the core."""
    catalogues = Catalogues(types, of_extensions)
    return (api.blueprint(catalogues, Feed(works, catalogues)),)
