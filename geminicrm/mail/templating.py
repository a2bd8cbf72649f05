"""Templates of mails: kept, changed, filled."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Work
from geminicrm.mail.merging import check_template, merged
from geminicrm.mail.models import MailTemplate
from geminicrm.mail.writing import SEND

Fields = Mapping[str, Sequence[str]]
"""The merge fields by kind of record."""
_LONGEST: Final = {"name": 120, "subject": 500, "text": 100_000}
_TAKEN: Final = Finding("/name", "taken", "There is a template of that name already.")


def save_template(
    work: Work, given: Mapping[str, str], known: Fields, template_id: str = ""
) -> MailTemplate:
    """Store a template, new or changed; `known` are the merge fields by kind of record.

    Raises ScopeMissing, NotFound, and ValidationFailed with everything that is wrong.
    """
    work.require(SEND)
    values = {name: given.get(name, "").strip() for name in _LONGEST}
    found = [
        Finding(f"/{name}", "wrong_value", f"Give a text of 1 to {most:,} characters.")
        for name, most in _LONGEST.items()
        if not 1 <= len(values[name]) <= most
    ]
    taken = work.session.scalar(select(MailTemplate).where(MailTemplate.name == values["name"]))
    if taken is not None and taken.id != template_id:
        found.append(_TAKEN)
    found += _unfitting(values, known)
    if found:
        raise ValidationFailed(found)
    row = _row(work, template_id)
    try:
        with work.session.begin_nested():
            for name, value in values.items():
                setattr(row, name, value)
            row.updated_at = work.now
            work.session.add(row)
    except IntegrityError:
        raise ValidationFailed([_TAKEN]) from None
    return row


def delete_template(work: Work, template_id: str) -> None:
    """Delete one. Raises ScopeMissing, NotFound."""
    work.session.delete(find_template(work, template_id))


def filled(work: Work, template_id: str, record: Mapping[str, Any]) -> tuple[str, str]:
    """Give subject and text for a record. Raises NotFound, ValidationFailed."""
    row = find_template(work, template_id)
    return merged(row.subject, record, "/subject"), merged(row.text, record, "/text")


def _row(work: Work, template_id: str) -> MailTemplate:
    if template_id:
        return work.get(MailTemplate, template_id, "template")
    return MailTemplate(id=new_id("mtpl"), workspace_id=work.workspace_id, created_at=work.now)


def find_template(work: Work, template_id: str) -> MailTemplate:
    """Give one. Raises ScopeMissing, NotFound."""
    work.require(SEND)
    return work.get(MailTemplate, template_id, "template")


def shape_template(row: MailTemplate) -> dict[str, str]:
    """Give a template as programs and pages read it."""
    return {
        **{name: getattr(row, name) for name in ("id", *_LONGEST)},
        "created_at": format_instant(row.created_at),
        "updated_at": format_instant(row.updated_at),
    }


def _unfitting(values: Mapping[str, str], known: Fields) -> list[Finding]:
    """Tell what keeps a template from being filled for any record."""
    found: list[Finding] = []
    named: set[str] = set()
    for name in ("subject", "text"):
        try:
            named |= check_template(values[name], known, f"/{name}")
        except ValidationFailed as error:
            found += error.findings
    if not found and not any(named <= set(each) for each in known.values()):
        message = f"No kind of record has all of {', '.join(sorted(named))}: it fits none."
        found.append(Finding("/text", "unknown_merge_field", message))
    return found
