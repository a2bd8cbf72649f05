"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.notifications import api, views


def blueprints() -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (api.blueprint(), views.blueprint())
