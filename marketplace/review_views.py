"""The reviews of an extension, for people: read, write, answer, hide."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, request
from pydantic import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.paging import Page
from marketplace.extension_views import Showroom
from marketplace.prose import to_html
from marketplace.reviews.bodies import MAX_BODY, MAX_TITLE, HiddenBody, ReplyBody, ReviewBody
from marketplace.reviews.service import ReviewDesk
from marketplace.reviews.shapes import ORDERS, Asked

_ROOT = "/marketplace/<extension_id>/reviews"
_ORDER_LABELS = {"newest": "Newest", "highest": "Highest rating", "lowest": "Lowest rating"}
_PAGE = 20


def blueprint(room: Showroom, reviews: ReviewDesk) -> Blueprint:
    """Serve /marketplace/<extension-id>/reviews."""
    pages = Blueprint("marketplace_reviews", __name__, template_folder="templates")

    @pages.get(_ROOT)
    def read(extension_id: str) -> str:
        return _page(room, reviews, extension_id)

    @pages.post(_ROOT)
    def write(extension_id: str) -> str | AnyResponse | tuple[str, int]:
        given = {name: request.form.get(name, "") for name in ("title", "body")}
        stars = request.form.get("rating", "")
        try:
            body = ReviewBody(rating=int(stars) if stars in "12345" and stars else 0, **given)
        except ValidationError as error:
            wrong = {str(each["loc"][0]): _WRONG[str(each["loc"][0])] for each in error.errors()}
            typed = {**given, "rating": stars}
            return _page(room, reviews, extension_id, wrong=wrong, typed=typed), 422
        mine = request.form.get("review", "")
        if mine:
            return _do(extension_id, "Your review is changed.", lambda: reviews.change(
                current_actor(), extension_id, mine, body.opinion()))  # fmt: skip
        return _do(extension_id, "Your review is published.", lambda: reviews.write(
            current_actor(), extension_id, body.opinion()))  # fmt: skip

    _add_acts(pages, reviews)
    return pages


_WRONG = {
    "rating": "Choose one to five stars.",
    "title": f"Write a title of at most {MAX_TITLE} characters.",
    "body": f"Write at most {MAX_BODY} characters.",
}


def _add_acts(pages: Blueprint, reviews: ReviewDesk) -> None:
    @pages.post(f"{_ROOT}/<review_id>/delete")
    def delete(extension_id: str, review_id: str) -> AnyResponse:
        return _do(extension_id, "Your review is deleted.",
                   lambda: reviews.delete(current_actor(), extension_id, review_id))  # fmt: skip

    @pages.post(f"{_ROOT}/<review_id>/reply")
    def reply(extension_id: str, review_id: str) -> AnyResponse:
        def act() -> object:
            text = request.form.get("body", "").strip()
            said = ReplyBody(body=text).body if text else None
            return reviews.reply(current_actor(), extension_id, review_id, said)

        return _do(extension_id, "Your reply is kept.", act)

    @pages.post(f"{_ROOT}/<review_id>/hide")
    def hide(extension_id: str, review_id: str) -> AnyResponse:
        def act() -> object:
            reason = HiddenBody(reason=request.form.get("reason", "")).reason
            return reviews.hide(current_actor(), extension_id, review_id, reason)

        return _do(extension_id, "The review is hidden.", act)

    @pages.post(f"{_ROOT}/<review_id>/show")
    def show(extension_id: str, review_id: str) -> AnyResponse:
        def act() -> object:
            return reviews.hide(current_actor(), extension_id, review_id, None)

        return _do(extension_id, "The review is shown again.", act)


def _do(extension_id: str, done: str, act: Callable[[], object]) -> AnyResponse:
    try:
        act()
    except AppError as error:
        flash(error.detail, "danger")
    except ValidationError:
        flash(f"Write one to {MAX_BODY} characters.", "danger")
    else:
        flash(done, "success")
    return redirect(f"/marketplace/{extension_id}/reviews", code=303)


def _page(room: Showroom, reviews: ReviewDesk, extension_id: str, **context: Any) -> str:
    order = request.args.get("sort", "newest")
    order = order if order in ORDERS else "newest"
    asked = Asked(order, Page(_PAGE, request.args.get("cursor")))
    found = reviews.list(current_actor(), extension_id, asked)
    place = f"/marketplace/{extension_id}/reviews"
    own = found.own
    filled = {"rating": str(own.rating), "title": own.title, "body": own.body} if own else {}
    following = {"sort": order, "cursor": found.next_cursor or ""}
    return room.page(
        "reviews",
        extension_id,
        reviews=found,
        texts={line.id: to_html(line.body) for line in found.lines},
        replies={line.id: to_html(line.reply) for line in found.lines if line.reply},
        order=order,
        orders=_ORDER_LABELS,
        next_url=f"{place}?{urlencode(following)}" if found.next_cursor else None,
        first_url=place if request.args.get("cursor") else None,
        **{"wrong": {}, "typed": filled, **context},
    )
