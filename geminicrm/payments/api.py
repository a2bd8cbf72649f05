"""/api/payments for programs."""

from flask import Blueprint, Response, request

from geminicrm.api.http import json_body, respond, respond_page
from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.paging import Page
from geminicrm.payments.assembly import Payments
from geminicrm.payments.listing import list_payments, shape
from geminicrm.payments.requesting import READ, REQUEST, ask_again, find_payment, request_payment
from geminicrm.payments.shapes import read_request

_CREATED = 201


def blueprint(payments: Payments) -> Blueprint:
    """Serve payments: list, ask for, read, check, cancel, ask again."""
    api = Blueprint("payments_api", __name__, url_prefix="/api/payments")
    _serve_all(api, payments)
    _serve_one(api, payments)
    return api


def _serve_all(api: Blueprint, payments: Payments) -> None:
    @api.get("")
    @needs(READ)
    def list_all() -> Response:
        page = Page.parse(request.args.get("limit"), request.args.get("cursor"))
        state, related = request.args.get("state", ""), request.args.get("related_id", "")
        with reading() as work:
            found = list_payments(work, page, state=state, related_id=related)
        return respond_page(found.data, found.next_cursor)

    @api.post("")
    @needs(REQUEST)
    def ask_for() -> Response:
        new = read_request(json_body(), current_actor(), payments.records)
        with writing() as work:
            return respond(shape(request_payment(work, new)), _CREATED)


def _serve_one(api: Blueprint, payments: Payments) -> None:
    @api.get("/<payment_id>")
    @needs(READ)
    def read_one(payment_id: str) -> Response:
        return _answer(payment_id)

    @api.post("/<payment_id>/check")
    @needs(REQUEST)
    def check(payment_id: str) -> Response:
        payments.looker.check(current_actor(), payment_id)
        return _answer(payment_id)

    @api.post("/<payment_id>/cancel")
    @needs(REQUEST)
    def cancel(payment_id: str) -> Response:
        payments.looker.cancel(current_actor(), payment_id)
        return _answer(payment_id)

    @api.post("/<payment_id>/accept")
    @needs(REQUEST)
    def accept(payment_id: str) -> Response:
        payments.looker.accept(current_actor(), payment_id)
        return _answer(payment_id)

    @api.post("/<payment_id>/ask-again")
    @needs(REQUEST)
    def again(payment_id: str) -> Response:
        with writing() as work:
            return respond(shape(ask_again(work, payment_id)))


def _answer(payment_id: str) -> Response:
    with reading() as work:
        return respond(shape(find_payment(work, payment_id)))
