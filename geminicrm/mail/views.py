"""The outbox: what was written, what became of it, and a page to write."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.mail.answering import answer_of, shown, threaded
from geminicrm.mail.doors_needed import MailNeeds, ReadRecord, check_account
from geminicrm.mail.file_doors import FIELD, allow_files, download, sent_files
from geminicrm.mail.files import MOST_BYTES, find_file
from geminicrm.mail.inbox import find_received
from geminicrm.mail.listing import counts, list_mails, templates, waiting, whole
from geminicrm.mail.noting import settle
from geminicrm.mail.own import trial
from geminicrm.mail.sealing import may_show
from geminicrm.mail.shapes import addresses, read_mail
from geminicrm.mail.templating import filled
from geminicrm.mail.writing import (
    SEND,
    find_mail,
    send_again,
    send_waiting,
    write_mail,
)
from geminicrm.web.pages import render

_TABS = (
    ("", "All"),
    ("waiting", "Waiting"),
    ("queued", "On their way"),
    ("sent", "Sent"),
    ("failed", "Failed"),
    ("unknown", "Unknown"),
)

_KEPT = ("related_type", "related_id", "answer_to")


def blueprint(needed: MailNeeds) -> Blueprint:
    """Serve /outbox."""
    pages = Blueprint("mail", __name__, template_folder="templates", url_prefix="/outbox")
    pages.url_value_preprocessor(allow_files)
    _serve_list(pages, needed)
    _serve_deeds(pages)
    _serve_one(pages, needed)
    _serve_form(pages, needed)
    return pages


def _serve_list(pages: Blueprint, needed: MailNeeds) -> None:
    @pages.get("")
    @needs(SEND)
    def index() -> str:
        kept = {name: request.args.get(name, "") for name in ("state", "related_id")}
        page = Page(cursor=request.args.get("cursor") or None)
        with reading() as work:
            found, numbers = list_mails(work, page, **kept), counts(work, kept["related_id"])
            every = counts(work).get("waiting", 0)
        tabs = [
            {
                "label": label,
                "url": url_for(
                    "mail.index", state=state or None, related_id=kept["related_id"] or None
                ),
                "active": state == kept["state"],
                "count": numbers.get(state, 0) if state else sum(numbers.values()),
            }
            for state, label in _TABS
        ]
        return render(
            "mail/list.html",
            found=found,
            tabs=tabs,
            kept={name: value for name, value in kept.items() if value},
            first=page.cursor is None,
            waiting=every,
            connected=bool(needed.accounts(current_actor())),
        )


def _serve_deeds(pages: Blueprint) -> None:
    @pages.post("/send-waiting")
    @needs(SEND)
    def send_all_waiting() -> Response:
        with writing() as work:
            number = send_waiting(work, waiting(work))
        flash(
            "1 mail is on its way." if number == 1 else f"{number} mails are on their way.",
            "success",
        )
        return redirect(url_for("mail.index"), 303)

    @pages.post("/test")
    @needs(SEND)
    def test() -> Response:
        with writing() as work:
            row = write_mail(work, trial(work, current_actor().user_id))
        flash("The test mail is written. Here is what becomes of it.", "success")
        return redirect(url_for("mail.one", mail_id=row.id), 303)


def _serve_one(pages: Blueprint, needed: MailNeeds) -> None:
    @pages.get("/<mail_id>")
    @needs(SEND)
    def one(mail_id: str) -> str:
        with reading() as work:
            row = find_mail(work, mail_id)
            shown = may_show(work.actor, row)
            return render("mail/one.html", mail=whole(work, row), link_shown=shown)

    @pages.get("/<mail_id>/files/<file_id>")
    @needs(SEND)
    def file(mail_id: str, file_id: str) -> Response:
        with reading() as work:
            return download(find_file(work, find_mail(work, mail_id), file_id))

    @pages.post("/<mail_id>/send")
    @needs(SEND)
    def again(mail_id: str) -> Response:
        with writing() as work:
            send_again(work, mail_id)
        flash("The mail is on its way.", "success")
        return redirect(url_for("mail.one", mail_id=mail_id), 303)

    @pages.post("/<mail_id>/sent")
    @needs(SEND)
    def sent(mail_id: str) -> Response:
        with writing() as work:
            settle(work, needed.records, mail_id)
        flash("Noted: it was sent.", "success")
        return redirect(url_for("mail.one", mail_id=mail_id), 303)


def _serve_form(pages: Blueprint, needed: MailNeeds) -> None:
    @pages.get("/new")
    @needs(SEND)
    def new() -> str:
        record = _record(needed.read_record, request.args)
        values: dict[str, str] = {"to": _address_of(record), **_answer()}
        values["to"] = request.args.get("to", "") or values["to"]
        errors: dict[str, str] = {}
        if request.args.get("template"):
            errors = _fill(values, request.args["template"], record)
        return _form(values, errors, needed)

    @pages.post("")
    @needs(SEND)
    def create() -> str | tuple[str, int] | Response:
        sent = request.form
        _record(needed.read_record, sent)
        try:
            mail = replace(read_mail(_body(sent)), files=sent_files())
            check_account(needed.accounts, current_actor(), mail.connection_id)
            with writing() as work:
                row = write_mail(work, threaded(work, needed.records, mail))
        except ValidationFailed as error:
            errors = {one.pointer.split("/")[1]: one.message for one in error.findings}
            if any(one.filename for one in request.files.getlist(FIELD)):
                # No browser lets a page choose files: they are gone from the form.
                errors.setdefault("files", "Choose the files again: a page can't keep them.")
            return _form(dict(sent), errors, needed), 422
        flash("The mail is on its way.", "success")
        return redirect(url_for("mail.one", mail_id=row.id), 303)


def _form(values: Mapping[str, str], errors: Mapping[str, str], needed: MailNeeds) -> str:
    with reading() as work:
        known = [{"value": one.id, "label": one.name} for one in templates(work)]
    accounts = needed.accounts(current_actor())
    return render(
        "mail/new.html",
        values=values,
        errors=errors,
        wrong=[{"id": f"field-{name}", "message": text} for name, text in errors.items()],
        kept={name: request.values.get(name, "") for name in _KEPT},
        templates=known,
        most_megabytes=MOST_BYTES // 1_000_000,
        accounts=[{"value": value, "label": label} for value, label in accounts],
    )


def _answer() -> dict[str, str]:
    """Give what the form begins with where it answers a mail that came in."""
    if not request.args.get("answer_to"):
        return {}
    with reading() as work:
        row = find_received(work, request.args["answer_to"])
        return {**answer_of(row), "connection_id": row.connection_id}


def _fill(values: dict[str, str], template_id: str, record: Mapping[str, Any]) -> dict[str, str]:
    try:
        with reading() as work:
            subject, text = filled(work, template_id, record)
    except ValidationFailed as error:
        return {one.pointer.strip("/"): one.message for one in error.findings}
    # Below an answer stands what it answers, under the subject of the thread.
    values["subject"] = values.get("subject") or subject
    values["text"] = text + values.get("text", "")
    return {}


def _record(read_record: ReadRecord, given: Mapping[str, str]) -> Mapping[str, Any]:
    kind, identifier = given.get("related_type"), given.get("related_id")
    return read_record(current_actor(), kind, identifier) if kind and identifier else {}


def _address_of(record: Mapping[str, Any]) -> str:
    if not record.get("email"):
        return ""
    parts = (record.get("first_name"), record.get("last_name"), record.get("name"))
    name = " ".join(str(one) for one in parts if one)
    return shown({"name": name, "email": record["email"]})


def _body(sent: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {name: addresses(sent.get(name, "")) for name in ("to", "cc", "bcc")}
    for name in ("related_type", "related_id", "connection_id", "answer_to"):
        body[name] = sent.get(name) or None
    return {**body, "subject": sent.get("subject", ""), "text": sent.get("text", "")}
