"""The doors of this room, ready to be registered."""

from flask import Blueprint

from geminicrm.jobs import api, views
from geminicrm.jobs.service import Jobs


def blueprints(jobs: Jobs) -> tuple[Blueprint, ...]:
    """Give the blueprints of pages and REST."""
    return (api.blueprint(jobs), views.blueprint(jobs))
