"""Documents that an extension keeps for a workspace: what `app.storage` gives and takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

MAX_DOCUMENTS: Final = 10_000
MAX_BYTES: Final = 10 * 1024 * 1024
MAX_DOCUMENT_BYTES: Final = 256 * 1024
MAX_KEY: Final = 200
MAX_BATCH: Final = 100
MAX_BATCH_BYTES: Final = 2 * 1024 * 1024
MAX_DEPTH: Final = 60
MAX_SIGNS: Final = 90_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document: any JSON value under a key. `updated_at` is RFC 3339 in UTC."""

    key: str
    value: Any
    version: int
    updated_at: str


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One page of documents by key; `next_cursor` is None on the last."""

    data: tuple[Document, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageUsage:
    """What is used of the quota; sizes in bytes, keys included."""

    documents: int
    size: int
    most_documents: int = MAX_DOCUMENTS
    most_size: int = MAX_BYTES


class StorageDoor(Protocol):
    """The documents of this extension in the current workspace; nobody else sees them.

    No scope is needed. They outlive an uninstall that keeps the data. Keys are 1 to 200 printable
    characters; a value is JSON of up to 256 KiB: finite numbers, whole ones of up to 64 bits, text
    as names, at most 60 lists and objects in each other. One call handles up to 2 MiB in which the
    signs `[ { , :` stand up to 90,000 times, within texts too: what a host can read.

    What a wrong argument raises is `Invalid`. What an installation may no longer write since it was
    uninstalled meanwhile is `NotFound`.
    """

    def get(self, key: str) -> Document | None:
        """Give one document, None where there is none."""

    def get_many(self, keys: Sequence[str]) -> Mapping[str, Document]:
        """Give up to 100 documents by key, in that order; those that are not there are left out.

        Raises `Invalid` where they are too much for one call.
        """

    def put(self, key: str, value: Any, *, if_version: int | None = None) -> Document:
        """Store a value; with `if_version` only over that version, 0 for none yet.

        Raises `Invalid`, `Conflict`, `QuotaExceeded`.
        """

    def put_many(self, values: Mapping[str, Any]) -> tuple[Document, ...]:
        """Store up to 100 values by key, all or none. Raises `Invalid`, `QuotaExceeded`.

        Findings point to `/<key>`.
        """

    def delete(self, key: str, *, if_version: int | None = None) -> bool:
        """Delete a document; tell whether there was one. Raises `Conflict`."""

    def list(self, prefix: str = "", *, limit: int = 50, cursor: str | None = None) -> DocumentPage:
        """Give a page of up to 100 documents whose keys begin with `prefix`, ordered by key.

        The order is that of the characters' code points. A page ends where one call handles no
        more, be it short of `limit`: go on while there is a `next_cursor`.
        """

    def usage(self) -> StorageUsage:
        """Tell what is used of the quota."""
