"""Reading outgoing mail and templates, for pages and programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Work
from geminicrm.mail.files import files_of
from geminicrm.mail.models import STATES, WAITING, MailTemplate, OutgoingMail
from geminicrm.mail.sealing import hidden
from geminicrm.mail.templating import shape_template
from geminicrm.mail.writing import SEND

_SORT: Final = "-id"
_BY_NAME: Final = "name"
MOST_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of mails or templates; `next_cursor` is None on the last."""

    data: list[dict[str, Any]]
    next_cursor: str | None


def list_mails(
    work: Work, page: Page | None = None, *, state: str = "", related_id: str = ""
) -> Listed:
    """Give one page, the latest first. Raises ScopeMissing, ValidationFailed."""
    work.require(SEND)
    page = page or Page()
    statement = select(OutgoingMail).order_by(OutgoingMail.id.desc())
    if state:
        statement = statement.where(OutgoingMail.state == _known(state))
    if related_id:
        statement = statement.where(OutgoingMail.related_id == related_id)
    if page.cursor is not None:
        (after,) = decode_cursor(page.cursor, _SORT, (str,))
        statement = statement.where(OutgoingMail.id < str(after))
    found = list(work.session.scalars(statement.limit(page.limit + 1)))
    rows = found[: page.limit]
    cursor = encode_cursor((rows[-1].id,), _SORT) if len(found) > page.limit else None
    files = files_of(work, [row.id for row in rows])
    return Listed([shape(row, files[row.id]) for row in rows], cursor)


def counts(work: Work, related_id: str = "") -> Mapping[str, int]:
    """Count the mails of a workspace, or of one record, by state. Raises ScopeMissing."""
    work.require(SEND)
    statement = select(OutgoingMail.state, func.count()).group_by(OutgoingMail.state)
    if related_id:
        statement = statement.where(OutgoingMail.related_id == related_id)
    return {row[0]: row[1] for row in work.session.execute(statement)}


def waiting(work: Work) -> Sequence[OutgoingMail]:
    """Give what waits for somebody who can send it, the oldest first, so many at once."""
    work.require(SEND)
    statement = select(OutgoingMail).where(OutgoingMail.state == WAITING)
    return list(work.session.scalars(statement.order_by(OutgoingMail.id).limit(MOST_AT_ONCE)))


def templates(work: Work) -> Sequence[MailTemplate]:
    """Give the templates by name. Raises ScopeMissing."""
    work.require(SEND)
    return list(work.session.scalars(select(MailTemplate).order_by(MailTemplate.name)))


def list_templates(work: Work, page: Page) -> Listed:
    """Give one page of templates, by name. Raises ScopeMissing, ValidationFailed."""
    work.require(SEND)
    statement = select(MailTemplate).order_by(MailTemplate.name)
    if page.cursor is not None:
        (after,) = decode_cursor(page.cursor, _BY_NAME, (str,))
        statement = statement.where(MailTemplate.name > str(after))
    found = list(work.session.scalars(statement.limit(page.limit + 1)))
    rows = found[: page.limit]
    cursor = encode_cursor((rows[-1].name,), _BY_NAME) if len(found) > page.limit else None
    return Listed([shape_template(row) for row in rows], cursor)


def whole(work: Work, row: OutgoingMail) -> dict[str, Any]:
    """Give a mail with what is known of its files."""
    return shape(row, files_of(work, [row.id])[row.id])


def shape(row: OutgoingMail, files: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Give a mail as programs and pages read it."""
    plain = {name: getattr(row, name) for name in _PLAIN}
    return {
        **plain,
        **{name: hidden(row, plain[name]) for name in ("text", "html")},
        **{name: row.recipients.get(name, []) for name in ("to", "cc", "bcc")},
        "files": list(files),
        "created_at": format_instant(row.created_at),
        "sent_at": format_instant(row.sent_at) if row.sent_at else None,
    }


_PLAIN: Final = (
    "id",
    "state",
    "purpose",
    "subject",
    "text",
    "html",
    "related_type",
    "related_id",
    "connection_id",
    "sent_through",
    "provider",
    "message_id",
    "refused",
    "attempts",
    "error",
    "mend",
    "created_by",
)


def _known(state: str) -> str:
    if state not in STATES:
        message = f"{state!r} is no state: use one of {', '.join(STATES)}."
        raise ValidationFailed([Finding("/state", "bad_filter", message)])
    return state
