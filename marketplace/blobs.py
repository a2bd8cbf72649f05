"""Packages, named by the digest of their bytes; kept before the row that names them is written.

Two stores do the same: a folder, and a table where machines share nothing but a database.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer

from geminicrm.kernel.disk import disk_full, is_full
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Work, Works
from marketplace.models import PackageBlob

_PART = ".part"
_PART_SECONDS = 86_400.0
_ROOM = (
    "Nothing was published. Free some room: old backups and logs, packages of versions that nobody "
    "needs; or give the disk more. Then publish it again."
)


class PackageDamaged(AppError):
    """A stored package is missing, or its bytes do not have the digest they were published with."""

    code = "package_damaged"
    status = 500
    title = "A stored package is damaged"


def digest_of(content: bytes) -> str:
    """Give the SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


class Blobs(Protocol):
    """Keeps packages, without their signatures, by the SHA-256 of their bytes in hex."""

    def put(self, content: bytes) -> str:
        """Keep a package, whole or not at all, and give its digest.

        One that is there counts as new from now on; one that was damaged is replaced.
        """
        ...

    def read(self, digest: str) -> bytes:
        """Give a package back; PackageDamaged unless it is there and has its digest."""
        ...

    def stale(self, older_than: float) -> Sequence[str]:
        """Name what nobody has put for some seconds."""
        ...

    def remove(self, digest: str) -> None:
        """Forget a package; one that is not there is no error."""
        ...


class FileBlobs:
    """The folder of packages: `<digest>.gcx`, never changed once written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep a package; a killed process leaves no half file under its name."""
        digest = digest_of(content)
        path = self._path(digest)
        if path.exists() and digest_of(path.read_bytes()) == digest:
            path.touch()
        else:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(path, content)
        return digest

    def read(self, digest: str) -> bytes:
        """Give a package back; PackageDamaged unless the bytes still have their digest."""
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError:
            raise PackageDamaged(
                f"The package {digest} is missing from {self._folder}; restore it from a backup "
                "or publish the version again."
            ) from None
        return _checked(content, digest, str(self._folder))

    def stale(self, older_than: float) -> Sequence[str]:
        """Name what nobody has put for some seconds, by the clock of the file system."""
        limit = time.time() - older_than
        found = []
        _forget_parts(self._folder)
        for path in sorted(self._folder.glob("*.gcx")):
            with contextlib.suppress(FileNotFoundError):  # collected by another process meanwhile
                if path.stat().st_mtime < limit:
                    found.append(path.stem)
        return found

    def remove(self, digest: str) -> None:
        """Delete the file."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self._folder / f"{digest}.gcx"

    def _write(self, path: Path, content: bytes) -> None:
        try:
            self._part(content).replace(path)
        except OSError as error:
            if is_full(error):
                raise disk_full("a package", self._folder, _ROOM) from error
            raise
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)  # else the new name itself may be lost with the power
        finally:
            os.close(folder)

    def _part(self, content: bytes) -> Path:
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=_PART, delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
        return Path(file.name)


def _forget_parts(folder: Path) -> None:
    """Delete what killed processes left half written."""
    limit = time.time() - _PART_SECONDS
    for path in folder.glob(f"*{_PART}"):
        with contextlib.suppress(FileNotFoundError):  # written to its end meanwhile
            if path.stat().st_mtime < limit:
                path.unlink()


class DatabaseBlobs:
    """The table of packages; its own unit of work each time, so not to be called inside another."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def put(self, content: bytes) -> str:
        """Keep a package."""
        digest = digest_of(content)
        # Where another machine keeps the same one in this moment, the second try finds it there.
        with contextlib.suppress(IntegrityError):
            self._put(digest, content)
            return digest
        self._put(digest, content)
        return digest

    def read(self, digest: str) -> bytes:
        """Give a package back; PackageDamaged unless the bytes still have their digest."""
        with self._works.across_workspaces("read a package") as work:
            row = _row(work, digest)
        if row is None:
            raise PackageDamaged(
                f"The package {digest} is missing from the database; restore it from a backup or "
                "publish the version again."
            )
        return _checked(row.content, digest, "the database")

    def stale(self, older_than: float) -> Sequence[str]:
        """Name what nobody has put for some seconds."""
        with self._works.across_workspaces("look for old packages") as work:
            limit = work.now - timedelta(seconds=older_than)
            old = select(PackageBlob.digest).where(PackageBlob.made_at < limit)
            return work.session.scalars(old.order_by(PackageBlob.digest)).all()

    def remove(self, digest: str) -> None:
        """Delete the row."""
        with self._works.across_workspaces("forget a package", write=True) as work:
            work.session.execute(delete(PackageBlob).where(PackageBlob.digest == digest))

    def _put(self, digest: str, content: bytes) -> None:
        with self._works.across_workspaces("keep a package", write=True) as work:
            row = _row(work, digest)
            if row is None:
                row = PackageBlob(digest=digest, content=content, size=len(content))
                work.session.add(row)
            elif digest_of(row.content) != digest:
                row.content, row.size = content, len(content)
            row.made_at = work.now
            work.session.flush()


def _row(work: Work, digest: str) -> PackageBlob | None:
    return work.session.get(PackageBlob, digest, options=[undefer(PackageBlob.content)])


def _checked(content: bytes, digest: str, place: str) -> bytes:
    if digest_of(content) != digest:
        raise PackageDamaged(
            f"The package {digest} in {place} was changed after it was published; publish the "
            "version again, or restore it from a backup."
        )
    return content
