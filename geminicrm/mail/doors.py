"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.mail import api, link_views, views
from geminicrm.mail.doors_needed import Accounts, ReadRecord
from geminicrm.mail.sealing import SecretLinks


def blueprints(
    read_record: ReadRecord, accounts: Accounts, links: SecretLinks
) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (
        api.blueprint(read_record, accounts),
        views.blueprint(read_record, accounts),
        link_views.blueprint(links),
    )
