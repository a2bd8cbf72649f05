"""The versions in memory: each is loaded once, whatever number of workspaces has it."""

import threading
from collections.abc import Callable, Collection

import structlog

from geminicrm.runtime.context import Doors, ExtensionContext
from geminicrm.runtime.failures import LoadFailed
from geminicrm.runtime.hosting.hosting import Hosting
from geminicrm.runtime.live import Code, LoadedVersion, digest_hex
from geminicrm.runtime.loader import load_version, unload
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.packages import Packages
from geminicrm.runtime.safe_mode import never

GRACE_SECONDS = 60.0
_log = structlog.get_logger(__name__)


class Versions:
    """Loaded versions by digest; `close` unloads all of them.

    Only code that is built in is loaded here; any other has a host, and is called through it.
    `own` tells which packages came with the CRM, whatever a row says; `safe` tells whether safe
    mode is on: then nobody should ask.
    """

    def __init__(
        self,
        packages: Packages,
        doors: Doors,
        hosting: Hosting,
        monotonic: Callable[[], float],
        own: Callable[[str], bool],
        safe: Callable[[], bool] = never,
    ) -> None:
        self.safe = safe
        self.packages = packages
        self._doors = doors
        self._hosting = hosting
        self._monotonic = monotonic
        self._own = own
        self._lock = threading.Lock()
        self._loaded: dict[str, LoadedVersion] = {}
        self._unused_since: dict[str, float] = {}

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
                self.refuse_foreign(manifest.id, digest)
                context = ExtensionContext(manifest.id, self._doors)
                found = load_version(self.packages.path(digest), manifest, digest, context)
                self._loaded[digest_hex(digest)] = found
                _log.info("loaded", extension_id=manifest.id, version=manifest.version)
            self._unused_since.pop(digest_hex(digest), None)
            return found

    def refuse_foreign(self, extension_id: str, digest: str) -> None:
        """Raise LoadFailed for code that did not come with the CRM; only a host may run that."""
        if not self._own(digest):
            raise LoadFailed(
                extension_id,
                "load",
                "",
                f"nothing proves that the package {digest_hex(digest)[:12]} came with the CRM, and "
                "only such code runs in its process; uninstall it, or upgrade it to the version "
                "that comes with the CRM now",
            )

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
