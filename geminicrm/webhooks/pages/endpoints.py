"""The pages of endpoints: the list, the form, one endpoint and what can be done with it."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.events.catalogue import Catalogue
from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, NotFound, ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.web.pages import render
from geminicrm.webhooks.outgoing.assembly import Outgoing
from geminicrm.webhooks.outgoing.book import MANAGE, READ
from geminicrm.webhooks.outgoing.questions import DeliveryQuestion, EndpointQuestion
from geminicrm.webhooks.outgoing.service import Created
from geminicrm.webhooks.outgoing.wishes import EndpointChanges
from geminicrm.webhooks.pages.endpoint_form import Filled, errors_of, groups

_LATEST: Final = 10
Answer = str | Response | tuple[str, int]


def blueprint(outgoing: Outgoing) -> Blueprint:
    """Serve /webhooks and /webhooks/<endpoint>."""
    pages = Blueprint("webhooks", __name__, template_folder="templates", url_prefix="/webhooks")
    _serve_list(pages, outgoing)
    _serve_form(pages, outgoing)
    _serve_one(pages, outgoing)
    _serve_secret(pages, outgoing)
    return pages


def _serve_list(pages: Blueprint, outgoing: Outgoing) -> None:
    @pages.get("")
    @needs(READ)
    def index() -> str:
        actor, question = current_actor(), EndpointQuestion.parse(request.args)
        return render(
            "webhooks/list.html",
            found=outgoing.endpoints.list(actor, question),
            figures=outgoing.deliveries.figures(actor),
            first=question.page.cursor is None,
            may_change=actor.allows(MANAGE),
        )


def _serve_form(pages: Blueprint, outgoing: Outgoing) -> None:
    @pages.get("/new")
    @needs(MANAGE)
    def new() -> str:
        return _form(_types(outgoing), Filled.empty(request.args.get("url", "")))

    @pages.post("")
    @needs(MANAGE)
    def create() -> Answer:
        filled = Filled.of_form(request.form)
        try:
            created = outgoing.endpoints.create(current_actor(), filled.wish())
        except ValidationFailed as error:
            return _form(_types(outgoing), filled, errors=errors_of(error)), error.status
        return _secret_page(created, "It is made")

    @pages.get("/<endpoint_id>/edit")
    @needs(MANAGE)
    def edit(endpoint_id: str) -> str:
        endpoint = outgoing.endpoints.get(current_actor(), endpoint_id)
        return _form(_types(outgoing), Filled.of_endpoint(endpoint), endpoint)

    @pages.post("/<endpoint_id>/edit")
    @needs(MANAGE)
    def change(endpoint_id: str) -> Answer:
        endpoint = outgoing.endpoints.get(current_actor(), endpoint_id)
        filled = Filled.of_form(request.form)
        try:
            changes = EndpointChanges(
                values=filled.values(), revision=request.form.get("version", None, int)
            )
            outgoing.endpoints.change(current_actor(), endpoint_id, changes)
        except ValidationFailed as error:
            page = _form(_types(outgoing), filled, endpoint, errors_of(error))
            return page, error.status
        flash("Saved: this holds for what happens from now on.", "success")
        return redirect(url_for("webhooks.one", endpoint_id=endpoint_id), 303)


def _serve_one(pages: Blueprint, outgoing: Outgoing) -> None:
    endpoints = outgoing.endpoints

    @pages.get("/<endpoint_id>")
    @needs(READ)
    def one(endpoint_id: str) -> str:
        actor = current_actor()
        endpoint = endpoints.get(actor, endpoint_id)
        question = DeliveryQuestion(endpoint_id=endpoint_id, page=Page(limit=_LATEST))
        return render(
            "webhooks/one.html",
            endpoint=endpoint,
            figures=outgoing.deliveries.figures(actor).get(endpoint_id, {}),
            latest=outgoing.deliveries.page(actor, question).data,
            types=[one.type for one in _types(outgoing).all()],
            may_change=actor.allows(MANAGE),
        )

    @pages.post("/<endpoint_id>/pause")
    @needs(MANAGE)
    def pause(endpoint_id: str) -> Response:
        return _told(endpoint_id, lambda: endpoints.pause(current_actor(), endpoint_id),
                     "It is paused: what happens meanwhile can be sent later.")  # fmt: skip

    @pages.post("/<endpoint_id>/enable")
    @needs(MANAGE)
    def enable(endpoint_id: str) -> Response:
        return _told(endpoint_id, lambda: endpoints.resume(current_actor(), endpoint_id),
                     "It is sent to again. What was missed can be recovered.")  # fmt: skip

    @pages.post("/<endpoint_id>/delete")
    @needs(MANAGE)
    def delete(endpoint_id: str) -> Response:
        endpoints.delete(current_actor(), endpoint_id)
        flash("The endpoint is deleted. Its log stays.", "success")
        return redirect(url_for("webhooks.index"), 303)

    @pages.post("/<endpoint_id>/ping")
    @needs(MANAGE)
    def ping(endpoint_id: str) -> Response:
        return _sent(endpoint_id, lambda: endpoints.ping(current_actor(), endpoint_id))

    @pages.post("/<endpoint_id>/sample")
    @needs(MANAGE)
    def sample(endpoint_id: str) -> Response:
        kind = request.form.get("type", "")
        return _sent(
            endpoint_id, lambda: outgoing.trials.sample(current_actor(), endpoint_id, kind)
        )


def _serve_secret(pages: Blueprint, outgoing: Outgoing) -> None:
    @pages.post("/<endpoint_id>/rotate")
    @needs(MANAGE)
    def rotate(endpoint_id: str) -> str:
        at_once = request.form.get("immediate") == "true"
        created = outgoing.endpoints.rotate_secret(current_actor(), endpoint_id, immediate=at_once)
        return _secret_page(created, "The secret is another one")


def _types(outgoing: Outgoing) -> Catalogue:
    return outgoing.catalogues.of(current_actor())


def _form(
    catalogue: Catalogue,
    filled: Filled,
    endpoint: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    wrong = [
        {"id": f"field-{name}", "message": message} for name, message in (errors or {}).items()
    ]
    return render(
        "webhooks/form.html",
        groups=groups(catalogue),
        filled=filled,
        endpoint=endpoint,
        errors=errors or {},
        wrong=wrong,
    )


def _secret_page(created: Created, title: str) -> str:
    return render(
        "webhooks/secret.html", endpoint=created.endpoint, secret=created.secret, told=title
    )


def _told(endpoint_id: str, act: Callable[[], object], text: str) -> Response:
    try:
        act()
        flash(text, "success")
    except NotFound:
        raise
    except AppError as error:
        flash(error.detail, "danger")
    return redirect(url_for("webhooks.one", endpoint_id=endpoint_id), 303)


def _sent(endpoint_id: str, send: Callable[[], Mapping[str, Any]]) -> Response:
    """Lead to what was sent, which says how it goes."""
    try:
        delivery = send()
    except NotFound:
        raise
    except AppError as error:
        flash(error.detail, "danger")
        return redirect(url_for("webhooks.one", endpoint_id=endpoint_id), 303)
    flash("It is on its way.", "success")
    return redirect(url_for("webhook_log.delivery", delivery_id=delivery["id"]), 303)
