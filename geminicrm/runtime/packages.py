"""The unpacked packages of this machine: brought here by digest where another machine installed."""

import contextlib
import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import structlog

from geminicrm.kernel.errors import AppError
from geminicrm.kernel.ids import new_id
from geminicrm.runtime.install.files import held, place_tree, same_tree
from geminicrm.runtime.live import digest_hex

AGAIN_SECONDS: Final = 15.0
"""How long a package that could not be had is not asked for again."""
_log = structlog.get_logger(__name__)

FilesOf = Callable[[str], Mapping[str, bytes]]
"""Gives the files of a package by the hex digest of its bytes, which it has verified."""


class PackageAway(AppError):
    """A package is not on this machine and can't be brought here."""

    code = "package_away"
    status = 500
    title = "A package is not on this machine"


def no_files(digest: str) -> Mapping[str, bytes]:
    """Stand where nothing is stored: no package can be brought."""
    raise PackageAway(f"The package {digest} is stored nowhere that this process knows of.")


class Packages:
    """The folders of this machine, one for each digest: there whole, or not at all."""

    def __init__(self, folder: Path, files_of: FilesOf = no_files) -> None:
        self._folder = folder
        self._files_of = files_of
        self._lock = threading.Lock()
        self._fetching: set[str] = set()
        self._failed: dict[str, tuple[str, float]] = {}

    def path(self, digest: str) -> Path:
        """Give where a package lies, or would."""
        return self._folder / digest_hex(digest)

    def here(self, digest: str) -> bool:
        """Tell whether it is here; what is here is whole, unless somebody changed it since."""
        return self.path(digest).is_dir()

    def ensure(self, digest: str) -> Path:
        """Give the folder, brought here first where it is missing. Raises PackageAway.

        Others that want the same one, in whatever process, wait for it.
        """
        path = self.path(digest)
        if not path.is_dir():
            with held(self._folder), self._alone(digest):
                if not path.is_dir():
                    place_tree(path, self.stored(digest))
                    _log.info("a package was brought to this machine", digest=digest_hex(digest))
        return path

    def fetch_soon(self, digest: str, then: Callable[[], object]) -> str | None:
        """Begin to bring it here beside whatever runs, and call `then` in the end.

        Gives None while it is on its way, and the reason where it could not be had a moment ago.
        """
        with self._lock:
            reason, until = self._failed.get(digest, ("", 0.0))
            if time.monotonic() < until:
                return reason
            if digest not in self._fetching:
                self._fetching.add(digest)
                name = f"fetch {digest_hex(digest)[:12]}"
                work = (digest, then)
                threading.Thread(target=self._fetch, args=work, name=name, daemon=True).start()
        return None

    def busy(self) -> bool:
        """Tell whether a package is on its way."""
        return bool(self._fetching)

    def sound(self, digest: str) -> bool:
        """Tell whether the folder holds what the package holds. Raises PackageAway."""
        return same_tree(self.path(digest), self.stored(digest))

    def put_back(self, digest: str, files: Mapping[str, bytes]) -> None:
        """Make the folder anew from these files, whatever was there."""
        path = self.path(digest)
        with held(self._folder), self._alone(digest):
            aside = path.with_name(f".old-{new_id('pkg')}")
            if path.exists():
                path.rename(aside)
            place_tree(path, files)
            shutil.rmtree(aside, ignore_errors=True)
        self._failed.pop(digest, None)

    def stored(self, digest: str) -> Mapping[str, bytes]:
        """Give the files of a package from where all machines have it. Raises PackageAway."""
        try:
            return self._files_of(digest_hex(digest))
        except PackageAway:
            raise
        except AppError as error:
            raise PackageAway(str(error)) from error

    def _fetch(self, digest: str, then: Callable[[], object]) -> None:
        reason = None
        try:
            self.ensure(digest)
        except Exception as error:  # noqa: BLE001 - border: a full disk, a database that is away
            reason = str(error) or type(error).__name__
            _log.warning("a package can't be brought here", digest=digest, error=reason)
        with self._lock:
            self._fetching.discard(digest)
            self._failed.pop(digest, None)
            if reason is not None:
                self._failed[digest] = (reason, time.monotonic() + AGAIN_SECONDS)
        then()

    @contextlib.contextmanager
    def _alone(self, digest: str) -> Iterator[None]:
        # Never deleted: whoever opens it at that moment would hold a lock on nothing.
        lock = self._folder / f".lock-{digest_hex(digest)}"
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
