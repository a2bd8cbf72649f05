"""The versions in memory: each is loaded once, whatever number of workspaces has it."""

import threading
from collections.abc import Callable, Collection
from pathlib import Path

import structlog

from geminicrm.runtime.context import Doors, ExtensionContext
from geminicrm.runtime.hosting.hosting import Hosting
from geminicrm.runtime.live import Code, LoadedVersion, digest_hex
from geminicrm.runtime.loader import load_version, unload
from geminicrm.runtime.manifest import Manifest

GRACE_SECONDS = 60.0
_log = structlog.get_logger(__name__)


class Versions:
    """Loaded versions by digest; `close` unloads all of them.

    Only code that is built in is loaded here; any other has a host, and is called through it.
    """

    def __init__(
        self, packages: Path, doors: Doors, hosting: Hosting, monotonic: Callable[[], float]
    ) -> None:
        self._packages = packages
        self._doors = doors
        self._hosting = hosting
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._loaded: dict[str, LoadedVersion] = {}
        self._unused_since: dict[str, float] = {}

    def folder(self, digest: str) -> Path:
        """Give where the files of a version lie, or would."""
        return self._packages / digest_hex(digest)

    def serving(self, code: Code, manifest: Manifest, *, draft: bool = False) -> LoadedVersion:
        """Give what runs the code of an installation, or of its draft. Raises LoadFailed."""
        if code.built_in:
            return self.get(manifest, code.digest)
        return self._hosting.version(code, manifest, draft=draft)

    def get(self, manifest: Manifest, digest: str) -> LoadedVersion:
        """Give a version in this process, loading it if need be. Raises LoadFailed."""
        with self._lock:
            found = self._loaded.get(digest_hex(digest))
            if found is None:
                context = ExtensionContext(manifest.id, self._doors)
                found = load_version(self.folder(digest), manifest, digest, context)
                self._loaded[digest_hex(digest)] = found
                _log.info("loaded", extension_id=manifest.id, version=manifest.version)
            self._unused_since.pop(digest_hex(digest), None)
            return found

    def keep_only(self, digests: Collection[str]) -> None:
        """Unload the others, a minute after they were last wanted: calls may still be in them.

        Connections to hosts that have stopped are closed as well.
        """
        now = self._monotonic()
        with self._lock:
            used = {digest_hex(digest) for digest in digests}
            for digest in tuple(self._loaded):
                if digest in used:
                    self._unused_since.pop(digest, None)
                elif now - self._unused_since.setdefault(digest, now) >= GRACE_SECONDS:
                    del self._unused_since[digest]
                    self._drop(digest)
        self._hosting.tidy()

    def close(self) -> None:
        """Unload everything."""
        with self._lock:
            for digest in tuple(self._loaded):
                self._drop(digest)

    def _drop(self, digest: str) -> None:
        version = self._loaded.pop(digest)
        unload(version)
        _log.info("unloaded", extension_id=version.extension_id, version=version.version)
