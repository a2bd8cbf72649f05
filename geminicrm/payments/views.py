"""Pages of payments: the list, the form, the card beside a record, what payers see."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs, public, reading, writing
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.kernel.money import currencies
from geminicrm.kernel.paging import Page
from geminicrm.payments.assembly import Payments
from geminicrm.payments.choices import MANAGE, for_new_leads, switch
from geminicrm.payments.listing import counts, list_payments, mails_of, shape
from geminicrm.payments.records import KINDS
from geminicrm.payments.requesting import READ, REQUEST, ask_again, find_payment, request_payment
from geminicrm.payments.shapes import read_request
from geminicrm.web.pages import local_path, render

_SHOWN: Final = 20
_TABS: Final = (
    ("", "All"),
    ("asking", "Being asked"),
    ("open", "Open"),
    ("paid", "Paid"),
    ("expired", "Expired"),
    ("canceled", "Canceled"),
    ("failed", "Failed"),
    ("unknown", "Unknown"),
    ("differs", "Paid otherwise"),
)
_TOLD: Final = {
    "asking": ("The link is asked for.", "success"),
    "open": ("It is not paid yet.", "success"),
    "paid": ("It is paid.", "success"),
    "expired": ("The link has expired.", "success"),
    "canceled": ("The payment is canceled.", "success"),
    "failed": ("No link was made.", "error"),
    "differs": ("Something else was paid than was asked for.", "error"),
    "unknown": ("Nobody knows whether a link was made.", "error"),
}
_FIELDS: Final = (
    "related_type",
    "related_id",
    "amount",
    "currency",
    "description",
    "email",
    "name",
)


def blueprint(payments: Payments) -> Blueprint:
    """Serve /payments."""
    pages = Blueprint("payments", __name__, template_folder="templates", url_prefix="/payments")
    _serve_list(pages, payments)
    _serve_card(pages, payments)
    _serve_form(pages, payments)
    _serve_deeds(pages, payments)
    _serve_payers(pages)
    return pages


def _serve_list(pages: Blueprint, payments: Payments) -> None:
    @pages.get("")
    @needs(READ)
    def index() -> str:
        kept = {name: request.args.get(name, "") for name in ("state", "related_id")}
        page = Page(cursor=request.args.get("cursor") or None)
        with reading() as work:
            found, numbers = list_payments(work, page, **kept), counts(work)
            on, mails = for_new_leads(work), mails_of(work, found.data)
        tabs = [
            {
                "label": label,
                "url": url_for("payments.index", state=state or None),
                "active": state == kept["state"],
                "count": numbers.get(state, 0) if state else sum(numbers.values()),
            }
            for state, label in _TABS
        ]
        return render(
            "payments/list.html",
            found=found,
            tabs=tabs,
            mails=mails,
            kept={name: value for name, value in kept.items() if value},
            first=page.cursor is None,
            switched_on=on,
            may_ask=current_actor().allows(REQUEST),
            may_switch=current_actor().allows(MANAGE),
            connected=bool(payments.paying.ways(current_actor().workspace_id)),
        )

    @pages.post("/switch")
    @needs(MANAGE)
    def switch_leads() -> Response:
        on = request.form.get("on") == "true"
        with writing() as work:
            switch(work, on=on)
        flash(f"New leads are {'now' if on else 'no longer'} asked to pay.", "success")
        return redirect(url_for("payments.index"), 303)


def _serve_card(pages: Blueprint, payments: Payments) -> None:
    @pages.get("/card/<kind>/<identifier>")
    @needs(READ)
    def card(kind: str, identifier: str) -> str:
        payments.records.suggested(current_actor(), (kind, identifier))
        with reading() as work:
            found = list_payments(work, Page(limit=_SHOWN), related_id=identifier)
            mails = mails_of(work, found.data)
        return render(
            "payments/card.html",
            found=found,
            mails=mails,
            kind=kind,
            identifier=identifier,
            may_ask=current_actor().allows(REQUEST),
            back=f"/{kind}s/{identifier}",
        )


def _serve_form(pages: Blueprint, payments: Payments) -> None:
    @pages.get("/new")
    @needs(REQUEST)
    def new() -> str:
        related = _related(request.args)
        offered = payments.records.suggested(current_actor(), related)
        values = {name: getattr(offered, name, "") for name in _FIELDS}
        return _form({**values, "send_mail": bool(offered.email)}, related, {})

    @pages.post("")
    @needs(REQUEST)
    def create() -> tuple[str, int] | Response:
        sent = request.form
        related = _related(sent)
        body: dict[str, Any] = {name: sent.get(name, "") for name in _FIELDS}
        body["send_mail"] = sent.get("send_mail") == "true"
        try:
            wanted = read_request(body, current_actor(), payments.records)
            with writing() as work:
                request_payment(work, wanted)
        except ValidationFailed as error:
            errors = {one.pointer.split("/")[1]: one.message for one in error.findings}
            return _form(body, related, errors), 422
        flash("The link is asked for.", "success")
        return redirect(f"/{related[0]}s/{related[1]}", 303)


def _form(values: Mapping[str, Any], related: tuple[str, str], errors: Mapping[str, str]) -> str:
    return render(
        "payments/new.html",
        values=values,
        errors=errors,
        wrong=[{"id": f"field-{name}", "message": text} for name, text in errors.items()],
        related={"related_type": related[0], "related_id": related[1]},
        back=f"/{related[0]}s/{related[1]}",
        currencies=[{"value": one, "label": one} for one in currencies()],
    )


def _serve_deeds(pages: Blueprint, payments: Payments) -> None:
    @pages.post("/<payment_id>/check")
    @needs(REQUEST)
    def check(payment_id: str) -> Response:
        payments.looker.check(current_actor(), payment_id)
        return _back(payment_id)

    @pages.post("/<payment_id>/cancel")
    @needs(REQUEST)
    def cancel(payment_id: str) -> Response:
        payments.looker.cancel(current_actor(), payment_id)
        return _back(payment_id)

    @pages.post("/<payment_id>/accept")
    @needs(REQUEST)
    def accept(payment_id: str) -> Response:
        payments.looker.accept(current_actor(), payment_id)
        return _back(payment_id)

    @pages.post("/<payment_id>/ask-again")
    @needs(REQUEST)
    def again(payment_id: str) -> Response:
        with writing() as work:
            ask_again(work, payment_id)
        return _back(payment_id)


def _back(payment_id: str) -> Response:
    with reading() as work:
        payment = shape(find_payment(work, payment_id))
    told, tone = _TOLD[payment["state"]]
    flash(payment["error"] or told, "error" if payment["error"] else tone)
    return redirect(local_path(request.form.get("next", "/payments")), 303)


def _serve_payers(pages: Blueprint) -> None:
    @pages.get("/thanks")
    @public
    def thanks() -> str:
        return render("payments/payer.html", paid=True)

    @pages.get("/not-paid")
    @public
    def not_paid() -> str:
        return render("payments/payer.html", paid=False)


def _related(given: Mapping[str, str]) -> tuple[str, str]:
    kind, identifier = given.get("related_type", ""), given.get("related_id", "")
    if kind not in KINDS:
        raise NotFound(kind or "record", identifier)
    return kind, identifier
