"""The REST endpoints of reviews."""

from flask import Blueprint, Response, request

from geminicrm.api.http import no_content, respond
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.paging import Page
from geminicrm.runtime.bodies import read_body
from marketplace.reviews.bodies import HiddenBody, ReplyBody, ReviewBody
from marketplace.reviews.service import ReviewDesk
from marketplace.reviews.shapes import Asked

_ONE = "/<review_id>"


def blueprint(desk: ReviewDesk) -> Blueprint:
    """Serve /api/marketplace/extensions/<extension-id>/reviews."""
    root = "/api/marketplace/extensions/<extension_id>/reviews"
    api = Blueprint("reviews_api", __name__, url_prefix=root)
    _add_collection(api, desk)
    _add_answers(api, desk)
    return api


def _add_collection(api: Blueprint, desk: ReviewDesk) -> None:
    @api.get("")
    def list_reviews(extension_id: str) -> Response:
        page = Page.parse(request.args.get("limit", "20"), request.args.get("cursor"))
        asked = Asked(request.args.get("sort", "newest"), page)
        return respond(desk.list(current_actor(), extension_id, asked).to_dict())

    @api.post("")
    def write(extension_id: str) -> Response:
        body = read_body(ReviewBody)
        line = desk.write(current_actor(), extension_id, body.opinion())
        return respond(line.to_dict(), 201, {"Location": f"{request.path}/{line.id}"})

    @api.patch(_ONE)
    def change(extension_id: str, review_id: str) -> Response:
        body = read_body(ReviewBody)
        line = desk.change(current_actor(), extension_id, review_id, body.opinion())
        return respond(line.to_dict())

    @api.delete(_ONE)
    def delete(extension_id: str, review_id: str) -> Response:
        desk.delete(current_actor(), extension_id, review_id)
        return no_content()


def _add_answers(api: Blueprint, desk: ReviewDesk) -> None:
    @api.put(f"{_ONE}/reply")
    def reply(extension_id: str, review_id: str) -> Response:
        text = read_body(ReplyBody).body
        return respond(desk.reply(current_actor(), extension_id, review_id, text).to_dict())

    @api.delete(f"{_ONE}/reply")
    def take_back(extension_id: str, review_id: str) -> Response:
        desk.reply(current_actor(), extension_id, review_id, None)
        return no_content()

    @api.put(f"{_ONE}/hidden")
    def hide(extension_id: str, review_id: str) -> Response:
        reason = read_body(HiddenBody).reason
        return respond(desk.hide(current_actor(), extension_id, review_id, reason).to_dict())

    @api.delete(f"{_ONE}/hidden")
    def show(extension_id: str, review_id: str) -> Response:
        desk.hide(current_actor(), extension_id, review_id, None)
        return no_content()
