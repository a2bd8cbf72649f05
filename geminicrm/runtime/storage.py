"""Documents that extensions keep: a table of JSON texts by workspace, extension and key."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import delete, func, select

from extensions.sdk.storage import (
    MAX_BYTES,
    MAX_DOCUMENTS,
    Document,
    DocumentPage,
    StorageUsage,
)
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.paging import Page, decode_cursor, encode_cursor
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.failures import StorageFull
from geminicrm.runtime.models import Installation, StoredDocument
from geminicrm.runtime.problems import NotInstalled
from geminicrm.runtime.storage_check import Amount, amount_of, check_amount

_SORT: Final = "key"
_LOCKS: Final = 0x53746F72  # our part of PostgreSQL's advisory locks ("Stor")
_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose documents: an extension's, in the workspace of the actor.

    `installation_id` is that of the installation which writes; None while `install()` runs, when
    there is no row yet.
    """

    actor: Actor
    extension_id: str
    installation_id: str | None


class Storage:
    """Reads and writes documents, each call in a short unit of its own.

    Arguments were checked before (`storage_check`). Writers of one owner queue up, so that no two
    pass the quota together.
    """

    def __init__(
        self, works: Works, most_documents: int = MAX_DOCUMENTS, most_size: int = MAX_BYTES
    ) -> None:
        self._works = works
        self._most_documents = most_documents
        self._most_size = most_size

    def get(self, owner: Owner, keys: Sequence[str]) -> dict[str, Document]:
        """Give documents by key, in the order asked. Raises ValidationFailed for too much."""
        with self._works.read(owner.actor) as work:
            rows = _rows(work, owner.extension_id, keys)
        check_amount(map(_amount, rows.values()))
        return {key: _document(rows[key]) for key in keys if key in rows}

    def put(
        self, owner: Owner, values: Mapping[str, bytes], if_version: int | None = None
    ) -> tuple[Document, ...]:
        """Store JSON texts by key, all or none. Raises Conflict, StorageFull, NotInstalled."""
        with self._writing(owner) as work:
            rows = _rows(work, owner.extension_id, list(values))
            for key in values:
                _refuse_other_version(key, rows.get(key), if_version)
            before = self._usage(work, owner.extension_id)
            made = [_write(work, owner, rows.get(key), key, text) for key, text in values.items()]
            work.session.flush()
            self._refuse_if_full(before, self._usage(work, owner.extension_id))
        return tuple(map(_document, made))

    def delete(self, owner: Owner, key: str, if_version: int | None = None) -> bool:
        """Delete a document, if there is one. Raises Conflict, NotInstalled."""
        with self._writing(owner) as work:
            row = _rows(work, owner.extension_id, [key]).get(key)
            _refuse_other_version(key, row, if_version)
            if row is not None:
                work.session.delete(row)
        return row is not None

    def list(self, owner: Owner, prefix: str, page: Page) -> DocumentPage:
        """Give a page of documents by key; it may end early, where one call handles no more."""
        query = (
            select(StoredDocument)
            .where(StoredDocument.extension_id == owner.extension_id)
            .order_by(StoredDocument.key)
            .limit(page.limit + 1)
        )
        if prefix:
            # A range and no LIKE: nothing to escape, and the index serves it.
            query = query.where(StoredDocument.key >= prefix, StoredDocument.key < _after(prefix))
        if page.cursor is not None:
            (last,) = decode_cursor(page.cursor, _SORT, (str,))
            query = query.where(StoredDocument.key > last)
        with self._works.read(owner.actor) as work:
            rows = list(work.session.scalars(query))
        shown = rows[: _fitting(rows[: page.limit])]
        more = encode_cursor((shown[-1].key,), _SORT) if len(shown) < len(rows) else None
        return DocumentPage(tuple(map(_document, shown)), more)

    def usage(self, owner: Owner) -> StorageUsage:
        """Tell what is used of the quota."""
        with self._works.read(owner.actor) as work:
            return self._usage(work, owner.extension_id)

    @contextlib.contextmanager
    def _writing(self, owner: Owner) -> Iterator[Work]:
        with self._works.write(owner.actor) as work:
            queue_up(work, owner.extension_id)
            refuse_if_gone(work, owner)
            yield work

    def _usage(self, work: Work, extension_id: str) -> StorageUsage:
        documents, size = work.session.execute(
            select(func.count(StoredDocument.id), func.sum(StoredDocument.size)).where(
                StoredDocument.extension_id == extension_id
            )
        ).one()
        return StorageUsage(
            documents=documents,
            size=int(size or 0),
            most_documents=self._most_documents,
            most_size=self._most_size,
        )

    def _refuse_if_full(self, before: StorageUsage, after: StorageUsage) -> None:
        # Whoever is beyond a quota already may still change what makes it less.
        if after.documents > max(self._most_documents, before.documents):
            raise StorageFull(f"{self._most_documents:,} documents")
        if after.size > max(self._most_size, before.size):
            raise StorageFull(f"{self._most_size / _MIB:g} MiB")


def queue_up(work: Work, extension_id: str) -> None:
    """Let one transaction at a time change an extension's documents in a workspace.

    On SQLite every writing unit waits for the others anyway.
    """
    if work.session.get_bind().dialect.name == "postgresql":
        whose = f"{work.workspace_id}/{extension_id}".encode()
        number = hashlib.blake2b(whose, digest_size=4).digest()
        key = int.from_bytes(number, "big", signed=True)
        work.session.execute(select(func.pg_advisory_xact_lock(_LOCKS, key)))


def count_documents(work: Work, extension_id: str) -> int:
    """Count the documents of an extension in the workspace."""
    mine = StoredDocument.extension_id == extension_id
    return work.session.scalar(select(func.count(StoredDocument.id)).where(mine)) or 0


def forget_documents(work: Work, extension_id: str) -> None:
    """Delete all documents of an extension in the workspace."""
    queue_up(work, extension_id)
    work.session.execute(delete(StoredDocument).where(StoredDocument.extension_id == extension_id))


def _rows(work: Work, extension_id: str, keys: Sequence[str]) -> dict[str, StoredDocument]:
    found = work.session.scalars(
        select(StoredDocument).where(
            StoredDocument.extension_id == extension_id, StoredDocument.key.in_(keys)
        )
    )
    return {row.key: row for row in found}


def refuse_if_gone(work: Work, owner: Owner) -> None:
    """Keep a call that outlives its installation from storing anything. Raises NotInstalled."""
    wanted = owner.installation_id
    if wanted is None:
        return
    if work.session.scalar(select(Installation.id).where(Installation.id == wanted)) is None:
        raise NotInstalled(owner.extension_id)


def _refuse_other_version(key: str, row: StoredDocument | None, if_version: int | None) -> None:
    present = row.version if row is not None else 0
    if if_version is None or if_version == present:
        return
    now = f"has the version {present}" if present else "is not there"
    raise Conflict(f"The document {key!r} {now}, not {if_version}: read it again, then repeat.")


def _write(
    work: Work, owner: Owner, row: StoredDocument | None, key: str, text: bytes
) -> StoredDocument:
    if row is None:
        row = StoredDocument(id=new_id("doc"), extension_id=owner.extension_id, key=key, version=0)
        work.session.add(row)
    row.value = text.decode()
    row.size = len(key.encode()) + len(text)
    row.version += 1
    row.updated_at = work.now
    return row


def _document(row: StoredDocument) -> Document:
    value: Any = orjson.loads(row.value)
    changed = format_instant(row.updated_at)
    return Document(key=row.key, value=value, version=row.version, updated_at=changed)


def _after(prefix: str) -> str:
    """Give the first text after all that begin with `prefix`, whose characters are printable."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _fitting(rows: Iterable[StoredDocument]) -> int:
    """Count the rows, one at least, that one call handles."""
    total, count = Amount(), 0
    for row in rows:
        total += _amount(row)
        if count and not total.fits:
            break
        count += 1
    return count


def _amount(row: StoredDocument) -> Amount:
    return amount_of(row.key, row.value, row.size)
