"""Running the code of an installation that is not stored yet: the executing side of an install."""

import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.failures import InSafeMode
from geminicrm.runtime.hosting.hosting import Hosting
from geminicrm.runtime.hosts import allowed_hosts
from geminicrm.runtime.install.drafting import Draft, DraftSettings, Examined, Outcome
from geminicrm.runtime.live import Installed
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.packages import PackageAway
from geminicrm.runtime.probe import probe
from geminicrm.runtime.settings_check import validate_settings
from geminicrm.runtime.settings_values import own_values
from geminicrm.runtime.versions import Versions


class InstallRunner:
    """Implements the install steps' Runner; `seconds` is what install() and uninstall() get."""

    def __init__(
        self,
        versions: Versions,
        hosting: Hosting,
        calls: Calls,
        seconds: float,
        tidy: Callable[[], object],
    ) -> None:
        self._versions = versions
        self._hosting = hosting
        self._tidy = tidy
        self._calls = calls
        self._seconds = seconds

    def probe(self, draft: Draft) -> Examined:
        """Import the extension in a process of its own: its host, or a child if it is built in.

        In safe mode nobody looks: then it shows when it runs. Raises HostUnavailable where no
        process can be started.
        """
        if self._versions.safe():
            return Examined()
        if draft.built_in:
            self._versions.refuse_foreign(draft.extension_id, draft.digest)
            return Examined(findings=probe(draft.folder, self._seconds).findings)
        return self._hosting.examine(draft.code, draft.manifest)

    def load(self, draft: Draft) -> None:
        """Make the version callable, unless safe mode is on. Raises LoadFailed."""
        if self._versions.safe():
            return
        self._versions.serving(draft.code, draft.manifest, draft=True)

    def unload(self, draft: Draft) -> None:
        """End the draft's host; in this process, let go of the version in a while."""
        if not draft.built_in:
            self._hosting.end(draft.code.host)
        self._tidy()

    def forgive(self, installation_id: str) -> None:
        """Forget that its host kept crashing."""
        self._hosting.forgive(installation_id)

    def install(self, actor: Actor, draft: Draft) -> Outcome:
        """Run `install()` by its deadline. Raises ExtensionFailed, InSafeMode."""
        return self._run(actor, draft, "install")

    def uninstall(self, actor: Actor, draft: Draft) -> Outcome:
        """Run `uninstall()` by its deadline. Raises ExtensionFailed, InSafeMode."""
        return self._run(actor, draft, "uninstall")

    def _run(self, actor: Actor, draft: Draft, method: str) -> Outcome:
        if self._versions.safe():
            raise InSafeMode(f"its own {method}() was not run")
        # Another machine may have installed it; where it can't be brought, loading says so.
        with contextlib.suppress(PackageAway):
            self._versions.packages.ensure(draft.digest)
        loaded = self._versions.serving(draft.code, draft.manifest, draft=True)
        installed = Installed(
            id=draft.installation_id,
            workspace_id=draft.workspace_id,
            extension_id=draft.extension_id,
            digest=draft.digest,
            manifest=draft.manifest,
            granted=frozenset(draft.granted),
            settings=draft.settings.plain,
            secrets=None,
            loaded=loaded,
            hosts=allowed_hosts(draft.manifest, draft.settings.plain),
        )
        source = DraftSource(draft.manifest, draft.settings)
        call = CallContext(
            installed, actor, method, self._seconds, patience=1.0, source=source, draft=True
        )
        function = getattr(loaded.extension, method)
        return self._calls.run_with_deadline(call, lambda: outcome_of(function()))


class DraftSource:
    """The settings of a draft as the settings door wants them."""

    def __init__(self, manifest: Manifest, settings: DraftSettings) -> None:
        self._manifest = manifest
        self._settings = settings
        self._lock = threading.Lock()

    def plain(self) -> Mapping[str, Any]:
        """Give the plain settings."""
        return self._settings.plain

    def secrets(self) -> Mapping[str, str]:
        """Give the secrets, in clear as they still are."""
        return self._settings.secrets

    def save(self, values: Mapping[str, Any]) -> None:
        """Keep the values in the draft, which is stored if the install succeeds."""
        own = own_values(self._manifest, self._settings.plain, values)
        checked = validate_settings(self._manifest.settings, own)
        with self._lock:
            _merge(self._settings.plain, checked.plain)
            _merge(self._settings.secrets, checked.secrets)
            self._settings.noted()


def _merge(kept: dict[str, Any], given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        kept.pop(name, None)
        if value is not None:
            kept[name] = value


def outcome_of(answer: object) -> Outcome:
    """Read what `install()` or `uninstall()` returned. Raises TypeError for other than a dict."""
    if answer is None:
        return Outcome()
    if not isinstance(answer, Mapping):
        kind = type(answer).__name__
        raise TypeError(f"it must return None or {{'success': bool, 'message': str}}, not {kind}")
    return Outcome(bool(answer.get("success", True)), str(answer.get("message", ""))[:500])
