"""The pages of templates: list, editor with its merge fields, preview with a record."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.mail.doors_needed import MailNeeds
from geminicrm.mail.listing import list_templates
from geminicrm.mail.templating import (
    delete_template,
    filled,
    find_template,
    save_template,
    shape_template,
)
from geminicrm.mail.writing import SEND
from geminicrm.web.pages import render

_EMPTY = {"name": "", "subject": "", "text": ""}


def blueprint(needed: MailNeeds) -> Blueprint:
    """Serve /mail-templates."""
    pages = Blueprint("mail_templates", __name__, url_prefix="/mail-templates")
    _serve_list(pages)
    _serve_editor(pages, needed)
    _serve_preview(pages, needed)
    return pages


def _serve_list(pages: Blueprint) -> None:
    @pages.get("")
    @needs(SEND)
    def index() -> str:
        page = Page(cursor=request.args.get("cursor") or None)
        with reading() as work:
            found = list_templates(work, page)
        return render("mail/templates.html", found=found, first=page.cursor is None)

    @pages.post("/<template_id>/delete")
    @needs(SEND)
    def delete(template_id: str) -> Response:
        with writing() as work:
            delete_template(work, template_id)
        flash("The template is deleted.", "success")
        return redirect(url_for("mail_templates.index"), 303)


def _serve_editor(pages: Blueprint, needed: MailNeeds) -> None:
    @pages.get("/new")
    @needs(SEND)
    def new() -> str:
        return _editor(needed, _EMPTY)

    @pages.post("")
    @needs(SEND)
    def create() -> Response | tuple[str, int]:
        return _save(needed)

    @pages.get("/<template_id>")
    @needs(SEND)
    def edit(template_id: str) -> str:
        with reading() as work:
            return _editor(needed, shape_template(find_template(work, template_id)), template_id)

    @pages.post("/<template_id>")
    @needs(SEND)
    def change(template_id: str) -> Response | tuple[str, int]:
        return _save(needed, template_id)


def _serve_preview(pages: Blueprint, needed: MailNeeds) -> None:
    @pages.get("/<template_id>/preview")
    @needs(SEND)
    def preview(template_id: str) -> str:
        asked = {name: request.args.get(name, "") for name in ("find", "kind", "id")}
        with reading() as work:
            template = shape_template(find_template(work, template_id))
        find = asked["find"].strip()
        return render(
            "mail/preview.html",
            given=template,
            find=find,
            chosen=asked,
            hits=needed.records.find(current_actor(), find) if find else [],
            **_shown(needed, template_id, asked),
        )


def _shown(needed: MailNeeds, template_id: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """Give what the template says of the chosen record, or why it can't."""
    if not asked["kind"] or not asked["id"]:
        return {}
    if asked["kind"] not in needed.records.fields():
        raise NotFound("record", asked["id"])
    record = needed.read_record(current_actor(), asked["kind"], asked["id"])
    try:
        with reading() as work:
            subject, text = filled(work, template_id, record)
    except ValidationFailed as error:
        return {"wrong": [one.message for one in error.findings]}
    return {"subject": subject, "text": text}


def _save(needed: MailNeeds, template_id: str = "") -> Response | tuple[str, int]:
    given = {name: request.form.get(name, "").replace("\r\n", "\n") for name in _EMPTY}
    try:
        with writing() as work:
            save_template(work, given, needed.records.fields(), template_id)
    except ValidationFailed as error:
        errors = {one.pointer.strip("/"): one.message for one in error.findings}
        return _editor(needed, given, template_id, errors), 422
    flash(f"The template “{given['name'].strip()}” is saved.", "success")
    return redirect(url_for("mail_templates.index"), 303)


def _editor(
    needed: MailNeeds,
    values: Mapping[str, str],
    template_id: str = "",
    errors: Mapping[str, str] | None = None,
) -> str:
    errors = errors or {}
    return render(
        "mail/template.html",
        template_id=template_id,
        values=values,
        errors=errors,
        wrong=[{"id": f"field-{name}", "message": text} for name, text in errors.items()],
        fields=needed.records.fields(),
    )
