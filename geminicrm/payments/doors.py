"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.payments import api, views
from geminicrm.payments.assembly import Payments


def blueprints(payments: Payments) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (api.blueprint(payments), views.blueprint(payments))
