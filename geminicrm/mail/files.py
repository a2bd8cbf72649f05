"""Files of mails: their names and limits, kept as rows beside the mail that they belong to."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import delete, select
from sqlalchemy.orm import undefer

from extensions.sdk.capabilities.email import MailFile
from geminicrm.kernel.errors import Finding, NotFound
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work
from geminicrm.mail.models import OutgoingMail, StoredFile, StoredMail

MOST_FILES: Final = 50
MOST_BYTES: Final = 25_000_000
"""Of all files of a mail. Gmail and Outlook take 25 MB; base64 makes 34 of them on the way."""
UNKNOWN_TYPE: Final = "application/octet-stream"
_LONGEST_NAME: Final = 150
_LONGEST_ENDING: Final = 20
_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,50}/[a-z0-9!#$&^_.+-]{1,69}")
# Controls, line ends, and signs that nobody sees: U+202E shows `gpj.exe` as `exe.jpg`.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

Mail = OutgoingMail | StoredMail


def clean_name(name: str) -> str:
    """Give a name under which a file can be shown and saved: no path, nothing unseen, not long."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(one for one in last if unicodedata.category(one) not in _UNSEEN)
    tidy = " ".join(seen.split()).strip(". ")
    stem, point, ending = tidy.rpartition(".")
    if not point or len(ending) > _LONGEST_ENDING:
        return tidy[:_LONGEST_NAME].rstrip(". ") or "file"
    return f"{stem[: _LONGEST_NAME - len(ending) - 1]}.{ending}"


def clean_type(media_type: str) -> str:
    """Give a media type without parameters; one that is none becomes `UNKNOWN_TYPE`."""
    bare = media_type.partition(";")[0].strip().lower()
    return bare if _TYPE.fullmatch(bare) else UNKNOWN_TYPE


def wrong_files(files: Sequence[MailFile]) -> list[Finding]:
    """Tell what keeps files from being sent."""
    return wrong_sizes([(one.name, len(one.content)) for one in files])


def wrong_sizes(files: Sequence[tuple[str, int]]) -> list[Finding]:
    """Tell the same by names and sizes in bytes, before anybody reads what is in them."""
    if len(files) > MOST_FILES:
        message = f"These are {len(files)} files; a mail has at most {MOST_FILES}."
        return [Finding("/files", "too_many", message)]
    whole = sum(size for _name, size in files)
    if whole > MOST_BYTES:
        largest = max(files, key=lambda one: one[1])[0]
        message = (
            f"The files have {whole / 1e6:.1f} MB; a mail takes {MOST_BYTES / 1e6:.0f} MB of files "
            f"in all. The largest is {clean_name(largest)}: leave it out, or send a link to it."
        )
        return [Finding("/files", "too_large", message)]
    return []


def keep_files(work: Work, mail: Mail, files: Sequence[MailFile]) -> None:
    """Store the files of a mail in its transaction.

    Of a mail that came in, what goes beyond the limits is left out; its name stays.
    """
    whole = 0
    for position, one in enumerate(files[:MOST_FILES]):
        kept = not one.left_out and whole + len(one.content) <= MOST_BYTES
        whole += len(one.content) if kept else 0
        row = StoredFile(
            id=new_id("mfile"),
            workspace_id=work.workspace_id,
            position=position,
            name=clean_name(storable(one.name, 1_000)),
            media_type=clean_type(one.media_type),
            size=max(one.size, len(one.content)) if one.left_out else len(one.content),
            content=one.content if kept else None,
        )
        if isinstance(mail, OutgoingMail):
            row.mail_id = mail.id
        else:
            row.received_id = mail.id
        work.session.add(row)


def drop_files(work: Work, mail: StoredMail) -> None:
    """Delete the files of a mail of which only the key stays."""
    work.session.execute(
        delete(StoredFile)
        .where(StoredFile.received_id == mail.id)
        .execution_options(synchronize_session=False)
    )


def files_of(work: Work, mail_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Give what lists show of the files of several mails, by the id of the mail, in order."""
    found: dict[str, list[dict[str, Any]]] = {mail_id: [] for mail_id in mail_ids}
    if mail_ids:
        for owner in (StoredFile.mail_id, StoredFile.received_id):
            query = select(
                owner, StoredFile.id, StoredFile.name, StoredFile.media_type, StoredFile.size,
                StoredFile.content.is_not(None),
            ).where(owner.in_(mail_ids)).order_by(StoredFile.position)  # fmt: skip
            for row in work.session.execute(query):
                found[str(row[0])].append(_shape(*row[1:]))
    return found


def find_file(work: Work, mail: Mail, file_id: str) -> StoredFile:
    """Give a file of a mail that the actor may read; NotFound also for one that was left out."""
    row = work.session.get(StoredFile, file_id, options=[undefer(StoredFile.content)])
    if row is None or mail.id not in (row.mail_id, row.received_id) or row.content is None:
        raise NotFound("file", file_id)
    return row


def to_send(work: Work, mail: OutgoingMail) -> tuple[MailFile, ...]:
    """Give the files that a mail is sent with."""
    return tuple(_contents(work, mail))


def _contents(work: Work, mail: OutgoingMail) -> Iterator[MailFile]:
    query = select(StoredFile).where(StoredFile.mail_id == mail.id)
    ordered = query.order_by(StoredFile.position).options(undefer(StoredFile.content))
    for row in work.session.scalars(ordered):
        content = row.content or b""
        yield MailFile(name=row.name, content=content, media_type=row.media_type, size=len(content))


def _shape(file_id: str, name: str, media_type: str, size: int, kept: Any) -> dict[str, Any]:
    return {
        "id": file_id,
        "name": name,
        "media_type": media_type,
        "size": size,
        "kept": bool(kept),
    }
