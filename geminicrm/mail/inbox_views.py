"""The inbox: mail that fits no record, what can be done with it, and any mail that came in."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.mail.doors_needed import MailNeeds
from geminicrm.mail.file_doors import download
from geminicrm.mail.files import files_of, find_file
from geminicrm.mail.inbox import (
    READ,
    WRITE,
    count_unfiled,
    file_to,
    find_received,
    ignore,
    list_unfiled,
    shape_received,
)
from geminicrm.mail.writing import SEND
from geminicrm.web.pages import render

_LEAD = ("first_name", "last_name", "email")


def blueprint(needed: MailNeeds) -> Blueprint:
    """Serve /inbox."""
    pages = Blueprint("inbox", __name__, url_prefix="/inbox")
    _serve_list(pages)
    _serve_one(pages, needed)
    _serve_deeds(pages, needed)
    return pages


def _serve_list(pages: Blueprint) -> None:
    @pages.get("")
    @needs(READ)
    @needs(SEND)
    def index() -> str:
        page = Page(cursor=request.args.get("cursor") or None)
        with reading() as work:
            found, number = list_unfiled(work, page), count_unfiled(work)
        return render("mail/inbox.html", found=found, number=number, first=page.cursor is None)


def _serve_one(pages: Blueprint, needed: MailNeeds) -> None:
    @pages.get("/<mail_id>")
    @needs(READ)
    def one(mail_id: str) -> str:
        return _page(needed, mail_id)

    @pages.get("/<mail_id>/files/<file_id>")
    @needs(READ)
    def attachment(mail_id: str, file_id: str) -> Response:
        with reading() as work:
            return download(find_file(work, find_received(work, mail_id), file_id))


def _serve_deeds(pages: Blueprint, needed: MailNeeds) -> None:
    @pages.post("/<mail_id>/file")
    @needs(WRITE)
    def file(mail_id: str) -> Response:
        kind, identifier = (request.form.get(name, "") for name in ("kind", "id"))
        if kind not in needed.records.fields():
            raise NotFound("record", identifier)
        needed.read_record(current_actor(), kind, identifier)
        with writing() as work:
            file_to(work, needed.records, mail_id, (kind, identifier))
        flash(f"The mail is on the {kind} now, and so will be the answers to it.", "success")
        return redirect(url_for("inbox.one", mail_id=mail_id), 303)

    @pages.post("/<mail_id>/lead")
    @needs("write:leads")
    def lead(mail_id: str) -> Response | tuple[str, int]:
        actor = current_actor()
        sent = {name: request.form.get(name, "").strip() for name in _LEAD}
        given = {name: value or None for name, value in sent.items()}
        try:
            lead_id = needed.records.make_lead(
                actor,
                {**given, "owner_id": actor.user_id},
                lambda work, made: file_to(work, needed.records, mail_id, ("lead", made)),
            )
        except ValidationFailed as error:
            return _page(needed, mail_id, sent, error), 422
        flash("The lead is created, with the mail on it.", "success")
        return redirect(f"/leads/{lead_id}", 303)

    @pages.post("/<mail_id>/ignore")
    @needs(WRITE)
    def drop(mail_id: str) -> Response:
        with writing() as work:
            ignore(work, mail_id)
        flash("The mail is ignored: it is deleted here, and stays in the mailbox.", "success")
        return redirect(url_for("inbox.index"), 303)


def _page(
    needed: MailNeeds,
    mail_id: str,
    lead: Mapping[str, str] | None = None,
    error: ValidationFailed | None = None,
) -> str:
    actor, find = current_actor(), request.args.get("find", "").strip()
    with reading() as work:
        row = find_received(work, mail_id)
        mail = shape_received(row, files_of(work, [row.id])[row.id])
    errors = {one.pointer.strip("/"): one.message for one in error.findings} if error else {}
    return render(
        "mail/received.html",
        mail=mail,
        find=find,
        hits=needed.records.find(actor, find) if find else [],
        lead=lead or _lead_of(mail),
        errors=errors,
        wrong=[{"id": _field_of(name), "message": text} for name, text in errors.items()],
        may_answer=actor.allows(SEND),
        may_file=not mail["filed"] and actor.allows(WRITE),
        may_make=not mail["filed"] and actor.allows(WRITE) and actor.allows("write:leads"),
    )


def _field_of(name: str) -> str | None:
    return f"field-{name}" if name in _LEAD else None


def _lead_of(mail: Mapping[str, Any]) -> dict[str, str]:
    """Give what the sender tells of a lead; the last word of a name is the last name."""
    sender = mail["sender"] or {"name": "", "email": ""}
    first, _, last = " ".join(sender["name"].split()).rpartition(" ")
    return {"first_name": first, "last_name": last, "email": sender["email"]}
