"""What was done and is planned around one record, and the composer that adds to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from geminicrm.crm.shared.desk import Desk, Link
from geminicrm.crm.shared.forms import Wrong, to_instant
from geminicrm.crm.shared.listing import ListQuery
from geminicrm.crm.shared.spec import Rest
from geminicrm.identity.guards import current_actor, reading
from geminicrm.kernel.clock import parse_instant
from geminicrm.mail.linking import MailLink, mail_links

KINDS = {
    "note": ("Note", "note"),
    "call": ("Call", "phone"),
    "email": ("Email", "mail"),
    "meeting": ("Meeting", "users"),
    "task": ("Task", "circle-check"),
}
_SHOWN = 30


@dataclass(frozen=True)
class Entry:
    """One activity as lists show it."""

    record: Rest
    label: str
    icon: str
    owner: str
    related: Link | None
    is_done: bool
    is_overdue: bool
    mail: MailLink | None = None


@dataclass(frozen=True)
class Composer:
    """What is in the composer: nothing yet, or what was sent and refused."""

    values: Mapping[str, str] = field(default_factory=lambda: {"kind": "note"})
    wrong: Wrong = field(default_factory=Wrong)


def entries(desk: Desk, records: Iterable[Rest], *, related: bool = True) -> list[Entry]:
    """Give activities as lists show them, with the names of what they belong to."""
    rows = list(records)
    pairs = ((row["related_type"], row["related_id"]) for row in rows)
    links = desk.links(pairs) if related else {}
    now = desk.now()
    return [_entry(desk, row, links.get(row["related_id"]), now) for row in rows]


def around(desk: Desk, kind: str, identifier: str) -> tuple[list[Entry], bool]:
    """Give the newest activities of a record, and whether there are older ones."""
    # Nothing belongs to an activity itself.
    if kind == "activity" or not desk.may("read", "activity"):
        return [], False
    query = ListQuery(limit=_SHOWN, filters={"related_id": identifier})
    page = desk.records["activity"].list(current_actor(), query)
    mails = mails_of(page.data)
    shown = [
        replace(each, mail=mails.get(each.record["id"]))
        for each in entries(desk, page.data, related=False)
    ]
    return shown, page.next_cursor is not None


def mails_of(records: Sequence[Rest]) -> dict[str, MailLink]:
    """Give the mail behind each activity that has one, by the activity's id."""
    of_mails = [each["id"] for each in records if each["kind"] == "email"]
    if not of_mails:
        return {}
    with reading() as work:
        return mail_links(work, of_mails)


def composed(desk: Desk, sent: Mapping[str, str]) -> Rest:
    """Turn what the composer sent into an activity.

    A task is to do. Anything else with a time to come is planned; otherwise it has happened.
    """
    now = desk.now()
    due = to_instant(sent.get("due_at", "").strip(), desk.zone()) or None
    draft = {
        "kind": sent.get("kind", "note"),
        "subject": sent.get("subject", "").strip(),
        "body": sent.get("body", "").replace("\r\n", "\n").strip() or None,
        "due_at": due,
        "owner_id": current_actor().user_id,
    }
    if draft["kind"] != "task" and not _later(due, now):
        draft["done_at"] = due or now.isoformat()
    return draft


def _entry(desk: Desk, row: Rest, link: Link | None, now: datetime) -> Entry:
    label, icon = KINDS[row["kind"]]
    done = row["done_at"] is not None
    late = not done and row["due_at"] is not None and parse_instant(row["due_at"]) < now
    return Entry(row, label, icon, desk.owner_name(row["owner_id"]), link, done, late)


def _later(due: str | None, now: datetime) -> bool:
    """Tell whether a time is to come; a text that is none is left to the schema to refuse."""
    try:
        return due is not None and parse_instant(due) > now
    except ValueError:
        return True
