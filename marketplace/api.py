"""The registry for programs: /api/marketplace/extensions."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from geminicrm.api.http import respond
from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import Finding, TooLarge, ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES
from marketplace.listings import Published
from marketplace.search import Query
from marketplace.service import PUBLISH, Registry

FIELD = "package"
_FORM_BYTES = 64 * 1024  # what a multipart form adds around the file


def blueprint(registry: Registry) -> Blueprint:
    """Serve search, publishing, one extension and its versions."""
    api = Blueprint("marketplace_api", __name__, url_prefix="/api/marketplace/extensions")
    api.url_value_preprocessor(allow_packages)

    @api.get("")
    def search() -> Response:
        args = request.args
        query = Query(
            words=args.get("q", ""),
            category=args.get("category", ""),
            sort=args.get("sort", "most_installed"),
            page=Page.parse(args.get("limit"), args.get("cursor")),
        )
        found = registry.search(current_actor(), query)
        return respond(
            {
                "data": [listing.to_dict() for listing in found.listings],
                "next_cursor": found.next_cursor,
            }
        )

    @api.post("")
    @needs(PUBLISH)
    def publish() -> Response:
        published = registry.publish(current_actor(), uploaded_package())
        location = f"{request.path}/{published.release.extension_id}"
        status = 201 if published.created else 200
        return respond(_published(published), status, {"Location": location})

    @api.get("/<extension_id>")
    def get(extension_id: str) -> Response:
        listing, release = registry.get(current_actor(), extension_id)
        return respond({**listing.to_dict(), "latest": release.to_dict()})

    @api.get("/<extension_id>/versions")
    def versions(extension_id: str) -> Response:
        releases = registry.versions(current_actor(), extension_id)
        return respond({"data": [each.to_dict() for each in releases], "next_cursor": None})

    return api


def allow_packages(_endpoint: str | None, _values: object) -> None:
    """Let uploads of packages be larger than other bodies; runs before the body is read."""
    if request.method == "POST":
        request.max_content_length = MAX_PACKAGE_BYTES + _FORM_BYTES


def uploaded_package() -> bytes:
    """Read the package of a multipart form; TooLarge, or ValidationFailed where there is none."""
    try:
        file = request.files.get(FIELD)
    except RequestEntityTooLarge as error:
        raise TooLarge(f"A package has at most {MAX_PACKAGE_BYTES} bytes.") from error
    if file is None or not file.filename:
        message = f"Send the package as the file {FIELD!r} of a multipart form."
        raise ValidationFailed([Finding(f"/{FIELD}", "missing_package", message)])
    return file.stream.read(MAX_PACKAGE_BYTES + 1)


def _published(published: Published) -> dict[str, object]:
    warnings = [
        {"pointer": one.pointer, "code": one.code, "message": one.message}
        for one in published.warnings
    ]
    return {**published.release.to_dict(), "warnings": warnings}
