"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.mail import api, inbox_views, link_views, template_api, template_views, views
from geminicrm.mail.doors_needed import MailNeeds


def blueprints(needed: MailNeeds) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (
        api.blueprint(needed),
        template_api.blueprint(needed),
        views.blueprint(needed),
        link_views.blueprint(needed.links),
        inbox_views.blueprint(needed),
        template_views.blueprint(needed),
    )
