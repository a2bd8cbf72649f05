"""Templates of mails: kept, changed, filled."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.mail.merging import merged
from geminicrm.mail.models import MailTemplate
from geminicrm.mail.writing import SEND

_LONGEST: Final = {"name": 120, "subject": 500, "text": 100_000}


def save_template(work: Work, given: Mapping[str, str], template_id: str = "") -> MailTemplate:
    """Store a template, new or changed. Raises ScopeMissing, NotFound, ValidationFailed."""
    work.require(SEND)
    values = {name: given.get(name, "").strip() for name in _LONGEST}
    found = [
        Finding(f"/{name}", "wrong_value", f"Give a text of 1 to {most:,} characters.")
        for name, most in _LONGEST.items()
        if not 1 <= len(values[name]) <= most
    ]
    taken = work.session.scalar(select(MailTemplate).where(MailTemplate.name == values["name"]))
    if taken is not None and taken.id != template_id:
        found.append(Finding("/name", "taken", "There is a template of that name already."))
    if found:
        raise ValidationFailed(found)
    row = _row(work, template_id)
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at = work.now
    work.session.add(row)
    return row


def delete_template(work: Work, template_id: str) -> None:
    """Delete one. Raises ScopeMissing, NotFound."""
    work.require(SEND)
    work.session.delete(work.get(MailTemplate, template_id, "template"))


def filled(work: Work, template_id: str, record: Mapping[str, Any]) -> tuple[str, str]:
    """Give subject and text for a record. Raises NotFound, ValidationFailed."""
    work.require(SEND)
    row = work.get(MailTemplate, template_id, "template")
    return merged(row.subject, record, "/subject"), merged(row.text, record, "/text")


def _row(work: Work, template_id: str) -> MailTemplate:
    if template_id:
        return work.get(MailTemplate, template_id, "template")
    return MailTemplate(id=new_id("mtpl"), workspace_id=work.workspace_id, created_at=work.now)
