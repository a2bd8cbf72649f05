"""The doors of these pages, ready to be registered."""

from flask import Blueprint

from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.pages import checker, endpoints, log, received, receiver
from geminicrm.webhooks.receiver.service import Receivers


def blueprints(outgoing: Outgoing, receivers: Receivers) -> tuple[Blueprint, ...]:
    """Give the blueprints of /webhooks."""
    return (
        endpoints.blueprint(outgoing),
        log.blueprint(outgoing),
        received.blueprint(),
        checker.blueprint(outgoing, receivers),
        receiver.blueprint(receivers),
    )
