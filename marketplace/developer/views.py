"""The developer portal for people: /developer."""

from flask import Blueprint

from marketplace.developer import extension_pages, home_pages, publisher_pages, upload_pages
from marketplace.developer.portal import Portal
from marketplace.uploads import allow_packages


def blueprint(portal: Portal) -> Blueprint:
    """Serve every page of the portal."""
    pages = Blueprint(
        "developer", __name__, template_folder="../templates", url_prefix="/developer"
    )
    pages.url_value_preprocessor(allow_packages)
    home_pages.add(pages, portal.publishers, portal.desk)
    publisher_pages.add(pages, portal.publishers, portal.desk)
    upload_pages.add(pages, portal.registry, portal.publishers, portal.previews)
    extension_pages.add(pages, portal.desk)
    return pages
