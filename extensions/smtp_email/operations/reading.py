"""Pages of a folder by UID: what comes after a cursor, in small pieces (RFC 9051, 2.3.1.1)."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from extensions.sdk.capabilities.email import MailPage, ReceivedMail
from extensions.sdk.service_errors import ServiceRefused

from .imap import Folder, since_day
from .large import with_files
from .parsing import Fetched, parsed

MOST_MAILS: Final = 100
# The first sync of a large mailbox has to stay small in memory, so a page ends early where its
# mails are large. A mail that is larger than a page comes alone: its beginning is read, then its
# files, each by itself.
WHOLE_BYTES: Final = 4 * 1024 * 1024
PAGE_BYTES: Final = WHOLE_BYTES
BEGINNING_BYTES: Final = 256 * 1024
_CURSOR: Final = re.compile(r"([0-9]{1,10})\.([0-9]{1,10})\.([0-9a-f]{8})")
_WINDOW: Final = 1_000
_WIDER: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for of a folder."""

    cursor: str
    limit: int
    folder: str
    since: datetime | None
    unseen: bool


@dataclass(frozen=True, slots=True)
class _Place:
    validity: int
    uid: int


def page_of(folder: Folder, wish: Wish) -> MailPage:
    """Give the next page. Raises ServiceRefused for a cursor that is none of this folder."""
    if not 1 <= wish.limit <= MOST_MAILS:
        raise ServiceRefused(f"limit is {wish.limit}: give 1 to {MOST_MAILS}.")
    place = _place(wish)
    # Another UIDVALIDITY: the server has numbered the mails anew, so the old place means nothing.
    restarted = place is not None and place.validity != folder.validity
    begin = 0 if place is None or restarted else place.uid
    last = folder.next_uid - 1 if folder.next_uid else folder.last_uid()
    uids, seen_to = _next_uids(folder, wish, begin, last)
    mails, reached = _mails(folder, uids, wish)
    at = seen_to if reached is None else reached
    return MailPage(
        mails=tuple(mails),
        cursor=f"{folder.validity}.{at}.{_mark(wish.folder)}",
        more=at < last,
        restarted=restarted,
    )


def _place(wish: Wish) -> _Place | None:
    if not wish.cursor:
        return None
    parts = _CURSOR.fullmatch(wish.cursor)
    if parts is None or parts[3] != _mark(wish.folder):
        raise ServiceRefused(
            "The cursor is none of this folder.", mend="Begin again with an empty cursor."
        )
    return _Place(int(parts[1]), int(parts[2]))


def _mark(folder: str) -> str:
    return hashlib.sha256(folder.encode()).hexdigest()[:8]


def _next_uids(folder: Folder, wish: Wish, begin: int, last: int) -> tuple[list[int], int]:
    """Give up to `limit` UIDs and how far was looked.

    A window at a time, wider while it is empty: a mailbox of a million mails does not have to name
    them all.
    """
    width, since = _WINDOW, since_day(wish.since)
    while begin < last:
        end = min(begin + width, last)
        found = folder.search(begin + 1, end, since, unseen=wish.unseen)
        if len(found) > wish.limit:
            return found[: wish.limit], found[wish.limit - 1]
        if found:
            return found, end
        begin, width = end, width * _WIDER
    return [], max(begin, last)


def _mails(
    folder: Folder, uids: Sequence[int], wish: Wish
) -> tuple[list[ReceivedMail], int | None]:
    """Read mails until the page is large enough; give them, and the last UID if there are more."""
    mails: list[ReceivedMail] = []
    reached, weight = 0, 0
    for uid, facts in _in_order(folder, uids):
        weight += min(int(facts[b"RFC822.SIZE"]), WHOLE_BYTES)
        if mails and weight > PAGE_BYTES:
            return mails, reached
        reached = uid
        mail = _read(folder, uid, facts)
        if mail is not None and (wish.since is None or mail.received_at >= _aware(wish.since)):
            mails.append(mail)
    return mails, None


def _in_order(folder: Folder, uids: Sequence[int]) -> Iterator[tuple[int, dict[bytes, Any]]]:
    known = folder.facts(uids) if uids else {}
    return ((uid, known[uid]) for uid in uids if b"RFC822.SIZE" in known.get(uid, {}))


def _read(folder: Folder, uid: int, facts: dict[bytes, Any]) -> ReceivedMail | None:
    size = int(facts[b"RFC822.SIZE"])
    partial = size > WHOLE_BYTES
    raw = folder.content(uid, BEGINNING_BYTES if partial else WHOLE_BYTES)
    if raw is None:
        return None  # somebody deleted it a moment ago
    time = facts.get(b"INTERNALDATE")
    mail = parsed(
        Fetched(
            id=f"{folder.validity}.{uid}",
            raw=raw,
            size=size,
            received_at=_aware(time).astimezone(UTC) if isinstance(time, datetime) else None,
            seen=b"\\Seen" in facts.get(b"FLAGS", ()),
            partial=partial,
        )
    )
    return with_files(folder, uid, mail) if partial else mail


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
