"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.mail import api, views
from geminicrm.mail.doors_needed import Accounts, ReadRecord


def blueprints(read_record: ReadRecord, accounts: Accounts) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (api.blueprint(read_record, accounts), views.blueprint(read_record, accounts))
