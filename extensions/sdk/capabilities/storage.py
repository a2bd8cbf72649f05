"""Files at a provider: objects by key in one bucket or container."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file at the provider; sizes are in bytes. `version` is its etag."""

    key: str
    size: int
    version: str = ""
    media_type: str = "application/octet-stream"
    changed_at: datetime | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file, or a part of one, of at most 8 MiB."""

    file: StoredFile
    content: bytes
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """A part of the files by key; `folders` are common beginnings that end with `/`."""

    files: tuple[StoredFile, ...]
    next_cursor: str | None
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """An address that does one thing with one file until it expires; send `headers` with it."""

    url: str
    method: Literal["GET", "PUT"]
    expires_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPart:
    """A part of a large file that arrived; parts are numbered from 1."""

    number: int
    version: str


class FileStorage(Protocol):
    """The contract `storage`. Every operation raises a ServiceError.

    What is larger than 8 MiB goes in parts of at least 5 MiB, all but the last.
    """

    def put(
        self,
        key: str,
        content: bytes,
        media_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
    ) -> StoredFile:
        """Store a file in place of what was there."""

    def get(self, key: str, offset: int = 0, length: int | None = None) -> FileContent:
        """Read a file, or a part of it. Raises ServiceNotFound."""

    def facts(self, key: str) -> StoredFile:
        """Tell of a file without its content. Raises ServiceNotFound."""

    def list_files(self, prefix: str = "", cursor: str = "", limit: int = 100) -> FilePage:
        """List files whose keys begin so."""

    def delete(self, key: str) -> None:
        """Delete a file; one that is gone is no error."""

    def link(self, key: str, method: Literal["GET", "PUT"] = "GET", seconds: int = 900) -> FileLink:
        """Give an address for somebody without credentials; at most 7 days."""

    def begin_upload(self, key: str, media_type: str = "application/octet-stream") -> str:
        """Begin a file in parts; give the upload's id."""

    def upload_part(self, key: str, upload_id: str, number: int, content: bytes) -> UploadPart:
        """Send a part; the same number again replaces it."""

    def finish_upload(self, key: str, upload_id: str, parts: tuple[UploadPart, ...]) -> StoredFile:
        """Make the file of its parts."""

    def abandon_upload(self, key: str, upload_id: str) -> None:
        """Give up a file in parts, and what of it was stored."""
