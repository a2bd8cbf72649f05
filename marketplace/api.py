"""The registry for programs: /api/marketplace/extensions."""

from dataclasses import replace

from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, Field

from geminicrm.api.http import no_content, respond
from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.paging import Page
from geminicrm.runtime.bodies import read_body
from marketplace.asking import asked
from marketplace.cards import InstalledStates
from marketplace.featuring import Featuring
from marketplace.listings import Published
from marketplace.service import PUBLISH, Registry, Wish
from marketplace.uploads import allow_packages, uploaded_package


class FeaturedBody(BaseModel):
    """PUT /api/marketplace/extensions/<id>/featured."""

    model_config = ConfigDict(extra="forbid", strict=True)

    place: int = Field(ge=0, le=999)


def blueprint(registry: Registry, installed: InstalledStates, featuring: Featuring) -> Blueprint:
    """Serve search, publishing, one extension and its versions.

    `installed` tells what the actor's workspace has, which a search can be narrowed by.
    """
    api = Blueprint("marketplace_api", __name__, url_prefix="/api/marketplace/extensions")
    api.url_value_preprocessor(allow_packages)

    @api.get("")
    def search() -> Response:
        facets = request.args.get("facets") == "1"
        page = Page.parse(request.args.get("limit"), request.args.get("cursor"))
        query = replace(asked(installed(current_actor())), facets=facets, page=page)
        return respond(registry.search(current_actor(), query).to_dict(facets=facets))

    @api.post("")
    @needs(PUBLISH)
    def publish() -> Response:
        published = registry.publish(
            current_actor(), uploaded_package(), Wish(publisher=request.form.get("publisher"))
        )
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

    @api.put("/<extension_id>/featured")
    def put_first(extension_id: str) -> Response:
        featuring.place(current_actor(), extension_id, read_body(FeaturedBody).place)
        return no_content()

    @api.delete("/<extension_id>/featured")
    def take_back(extension_id: str) -> Response:
        featuring.place(current_actor(), extension_id, None)
        return no_content()

    return api


def _published(published: Published) -> dict[str, object]:
    warnings = [
        {"pointer": one.pointer, "code": one.code, "message": one.message}
        for one in published.warnings
    ]
    return {**published.release.to_dict(), "warnings": warnings}
