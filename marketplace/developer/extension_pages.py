"""An author's own extension: its versions with their states; statistics join as further tabs."""

from flask import Blueprint

from geminicrm.identity.guards import current_actor, needs
from geminicrm.web.pages import render
from marketplace.developer.desk import Desk
from marketplace.developer.forms import stored_rows
from marketplace.publishers.access import PUBLISH


def add(pages: Blueprint, desk: Desk) -> None:
    """Add the pages."""

    @pages.get("/extensions/<extension_id>")
    @needs(PUBLISH)
    def extension(extension_id: str) -> str:
        found = desk.extension(current_actor(), extension_id)
        warnings = stored_rows(found.newest.findings)
        return render("developer/versions.html", tab="versions", extension=found, findings=warnings)
