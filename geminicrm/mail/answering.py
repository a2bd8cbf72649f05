"""Answers: to whom, under which subject, below which question (RFC 5322, section 3.6.4)."""

import re
from dataclasses import replace
from typing import Any, Final

from geminicrm.kernel.work import Work
from geminicrm.mail.filing import Records
from geminicrm.mail.inbox import find_received
from geminicrm.mail.models import StoredMail
from geminicrm.mail.writing import NewMail

_ANSWERED: Final = re.compile(r"^\s*(re|aw|antw|sv|vs)\s*:", re.IGNORECASE)
_APART: Final = re.compile(r'[\s,;<>"]+')
_LONGEST: Final = 490
_QUOTED: Final = 10_000


def answer_of(row: StoredMail) -> dict[str, str]:
    """Give what an answer begins with, as a form has it: to, subject and the quoted text."""
    people = row.recipients.get("reply_to") or ([row.sender] if row.sender else [])
    subject = "".join(one for one in " ".join(row.subject.split()) if one.isprintable())
    return {
        "to": ", ".join(shown(one) for one in people),
        "subject": subject if _ANSWERED.match(subject) else f"Re: {subject}"[:_LONGEST],
        "text": _quoted(row),
    }


def threaded(work: Work, records: Records, new: NewMail) -> NewMail:
    """Put a mail below the one that it answers, on the same record unless it names another.

    One that answers none stays as it is. Raises NotFound, ScopeMissing where the answered one may
    not be read.
    """
    if not new.answer_to:
        return new
    row = find_received(work, new.answer_to)
    related = new.related
    if related is None and row.related_type is not None and row.related_id is not None:
        place = (row.related_type, row.related_id)
        related = place if records.exists(work, place) else None
    if not row.message_key.startswith("<"):
        return replace(new, related=related)
    return replace(
        new,
        related=related,
        in_reply_to=row.message_key,
        references=(*row.references, row.message_key),
    )


def shown(person: dict[str, Any]) -> str:
    """Write an address as `"Ada Lovelace" <ada@example.com>`, as a form reads it back."""
    name = _APART.sub(" ", person.get("name", "")).strip()
    return f'"{name}" <{person["email"]}>' if name else str(person["email"])


def _quoted(row: StoredMail) -> str:
    who = (row.sender.get("name") or row.sender.get("email")) if row.sender else "somebody"
    lines = "\n".join(f"> {line}".rstrip() for line in row.text[:_QUOTED].splitlines())
    return f"\n\nOn {row.received_at:%Y-%m-%d at %H:%M} UTC, {who} wrote:\n{lines}\n"
