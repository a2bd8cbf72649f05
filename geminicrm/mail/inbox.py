"""Mail that came in and fits no record: listed, read, put where it belongs, or ignored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import and_, func, or_, select

from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.errors import Conflict, Finding, NotFound, ValidationFailed
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Work
from geminicrm.mail.files import drop_files, files_of
from geminicrm.mail.filing import Place, Records, put_on
from geminicrm.mail.models import FILED, IGNORED, OPEN, StoredMail
from geminicrm.mail.writing import SEND

READ: Final = "read:activities"
WRITE: Final = "write:activities"
_SORT: Final = "-received_at"
_EXCERPT: Final = 160


@dataclass(frozen=True, slots=True)
class Unfiled:
    """One page of mails that fit no record; `next_cursor` is None on the last."""

    data: list[dict[str, Any]]
    next_cursor: str | None


def list_unfiled(work: Work, page: Page | None = None) -> Unfiled:
    """Give one page, the latest first. Raises ScopeMissing, ValidationFailed."""
    work.require(READ)
    work.require(SEND)
    page = page or Page()
    statement = select(StoredMail).where(StoredMail.state == OPEN)
    if page.cursor is not None:
        statement = statement.where(_after(page.cursor))
    order = (StoredMail.received_at.desc(), StoredMail.id.desc())
    found = list(work.session.scalars(statement.order_by(*order).limit(page.limit + 1)))
    rows = found[: page.limit]
    cursor = None
    if len(found) > page.limit:
        cursor = encode_cursor((format_instant(rows[-1].received_at), rows[-1].id), _SORT)
    files = files_of(work, [row.id for row in rows])
    return Unfiled([shape_received(row, files[row.id]) for row in rows], cursor)


def count_unfiled(work: Work) -> int:
    """Count them."""
    query = select(func.count()).select_from(StoredMail).where(StoredMail.state == OPEN)
    return work.session.scalar(query) or 0


def find_received(work: Work, mail_id: str) -> StoredMail:
    """Give a mail that came in. Raises NotFound, ScopeMissing.

    Whoever reads activities reads those on records; the others are for those who write mail.
    """
    work.require(READ)
    row = work.get(StoredMail, mail_id, "mail")
    if row.state == OPEN:
        work.require(SEND)
    elif row.state != FILED:
        raise NotFound("mail", mail_id)
    return row


def file_to(work: Work, records: Records, mail_id: str, place: Place) -> StoredMail:
    """Put a mail on a record. Raises NotFound, ScopeMissing, Conflict for one that is on one."""
    row = _unfiled(work, mail_id)
    if not records.exists(work, place):
        raise NotFound(place[0], place[1])
    put_on(work, records, row, place)
    work.audit("mail.filed", row.id, {"record": place[1]})
    return row


def ignore(work: Work, mail_id: str) -> None:
    """Delete what a mail says; its key stays, so that it is not fetched again. Raises as above."""
    row = _unfiled(work, mail_id)
    row.state = IGNORED
    row.sender, row.subject, row.text = {}, "", ""
    row.recipients, row.references = {}, []
    drop_files(work, row)
    work.audit("mail.ignored", row.id, {})


def shape_received(row: StoredMail, files: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give a mail as pages show it; `sender` is None where it names none."""
    return {
        "id": row.id,
        "filed": row.state == FILED,
        "subject": " ".join(row.subject.split()) or "(no subject)",
        "excerpt": " ".join(row.text.split())[:_EXCERPT],
        "text": row.text,
        "sender": row.sender or None,
        "to": row.recipients.get("to", []),
        "cc": row.recipients.get("cc", []),
        "received_at": format_instant(row.received_at),
        "related_type": row.related_type,
        "related_id": row.related_id,
        "from_html": row.from_html,
        "cut": row.cut,
        "files": files,
    }


def _unfiled(work: Work, mail_id: str) -> StoredMail:
    """Give one that is on no record, held: two people don't put it on two."""
    work.require(SEND)
    work.require(WRITE)
    find_received(work, mail_id)
    query = select(StoredMail).where(StoredMail.id == mail_id).with_for_update()
    row = work.session.scalar(query.execution_options(populate_existing=True))
    if row is None or row.state != OPEN:
        raise Conflict("Somebody has dealt with this mail meanwhile; load the list again.")
    return row


def _after(cursor: str) -> Any:
    text, mail_id = decode_cursor(cursor, _SORT, (str, str))
    try:
        at = parse_instant(str(text))
    except ValueError:
        message = "This is no cursor of this list; start again without one."
        raise ValidationFailed([Finding("/cursor", "bad_cursor", message)]) from None
    earlier = StoredMail.received_at < at
    return or_(earlier, and_(StoredMail.received_at == at, StoredMail.id < str(mail_id)))
