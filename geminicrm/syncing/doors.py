"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.syncing import api, views
from geminicrm.syncing.choosing import Choosing


def blueprints(choosing: Choosing) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (api.blueprint(choosing), views.blueprint(choosing))
