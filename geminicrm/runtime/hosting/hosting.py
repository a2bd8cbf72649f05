"""Extension hosts as the rest of the core knows them: versions made of proxies."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.check.folder import open_folder
from geminicrm.runtime.check.hook_names import marked
from geminicrm.runtime.context import ExtensionContext
from geminicrm.runtime.failures import HostUnavailable, LoadFailed
from geminicrm.runtime.host.control import Desired, HostSpec, NotRunning, Restart, Running
from geminicrm.runtime.host.sandbox.machine import confines
from geminicrm.runtime.hosting.broker import Broker
from geminicrm.runtime.hosting.endpoint import Endpoint
from geminicrm.runtime.hosting.errands import Errands
from geminicrm.runtime.hosting.proxies import HostedExtension, Remote, hosted_hooks
from geminicrm.runtime.hosting.supervising import CrashLoop, Hosts, Supervisor
from geminicrm.runtime.install.drafting import Examined
from geminicrm.runtime.live import Code, HostKey, LoadedVersion, digest_hex
from geminicrm.runtime.manifest import Manifest

_GRACE_SECONDS = 2.0
"""Beside what one call may take, a host has so long to end the calls that run in it."""
_UNCONFINED = (
    "this machine has no locks for it (Landlock and seccomp), and no admin has trusted it in so "
    "many words"
)

_GIVEN_UP = "its draft was given up"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingParts:
    """What hosting is built on.

    `supervisor` is started where there is none, `present` is the same one where it runs.
    `context` makes the doors of an extension, by its id. `switch_off` writes down that an
    installation crashes again and again, `started` hears which locks a host has. `machine` says
    what locks this machine has. `requirements` gives the folder of a version's Python packages, if
    it has some; it may take its time, and is asked before a host is started. `seconds` is what one
    call may take.
    """

    packages: Path
    supervisor: Supervisor
    present: Supervisor
    context: Callable[[str], ExtensionContext]
    switch_off: Callable[[CrashLoop], object]
    started: Callable[[HostSpec, Running], object]
    machine: Callable[[], Mapping[str, str]]
    requirements: Callable[[Manifest, str], Path | None]
    seconds: float = 10.0


def no_requirements(_manifest: Manifest, _digest: str) -> Path | None:
    """Say that no version has Python packages of its own."""
    return None


class Hosting:
    """Gives versions that run in hosts; `close` lets go of all connections, not of the hosts."""

    def __init__(self, parts: HostingParts) -> None:
        self._parts = parts
        self._errands = Errands()
        self._hosts = Hosts(parts.supervisor, parts.present, self._crashed, parts.started)
        self._lock = threading.Lock()
        self._endpoints: dict[HostKey, Endpoint] = {}
        self._told: tuple[HostKey, ...] = ()
        self._marked: dict[str, frozenset[str]] = {}

    @cached_property
    def level(self) -> Mapping[str, str]:
        """What locks this machine has, by layer."""
        return self._parts.machine()

    def confines(self) -> bool:
        """Tell whether this machine can lock a host up."""
        return confines(self.level)

    def version(self, code: Code, manifest: Manifest, *, draft: bool = False) -> LoadedVersion:
        """Give an installation's version as proxies; its host is started by the first call.

        Raises LoadFailed where it must not run or has no code; what else is wrong with it shows
        when it is called.
        """
        endpoint = self._endpoint(code, manifest)
        remote = Remote(endpoint, draft=draft)
        hooks = code.hooks if code.hooks is not None else self._declared(code, manifest)
        return LoadedVersion(
            extension_id=manifest.id,
            version=manifest.version,
            digest=code.digest,
            folder=Path(endpoint.spec.folder),
            package="",
            extension=HostedExtension(endpoint.app, remote),
            answer=remote.answer,
            hooks=hosted_hooks(remote, hooks),
            routes=(),
            host=code.host,
        )

    def examine(self, code: Code, manifest: Manifest) -> Examined:
        """Start a host for a draft, and tell what it found. Raises LoadFailed, HostUnavailable."""
        endpoint = self._endpoint(code, manifest)
        given = endpoint.examine()
        if isinstance(given, Running):
            return Examined(hooks=given.hooks, level=given.level)
        return Examined(findings=(_finding(endpoint.spec, given),))

    def end(self, host: HostKey) -> None:
        """End a host that nobody needs any more, whichever process has started it."""
        with self._lock:
            endpoint = self._endpoints.pop(host, None)
        running = endpoint.forget() if endpoint is not None else None
        if running is not None:
            self._hosts.retire(running.generation, _GIVEN_UP)
        else:
            self._hosts.retire_all(host.installation_id, host.digest, _GIVEN_UP)

    def swapped(self, generation: int, hosts: tuple[HostKey, ...]) -> None:
        """Take note of the hosts that may run, and let the supervisor know, soon."""
        self._keep_only(frozenset(hosts))
        if hosts or self._told:
            self._told = hosts
            wanted = tuple((one.installation_id, one.digest, one.locked) for one in hosts)
            desired = Desired(generation, wanted, self._parts.seconds + _GRACE_SECONDS)
            self._errands.run(f"desired {generation}", lambda: self._hosts.tell(desired))

    def forgive(self, installation_id: str) -> None:
        """Forget that a host kept crashing."""
        self._hosts.forgive(installation_id)

    def restart(self, installation_id: str) -> None:
        """Start an installation's host anew, if it runs: its files have changed."""
        self._hosts.tell(Restart(installation_id))

    def tidy(self) -> None:
        """Close connections to hosts that have stopped."""
        with self._lock:
            endpoints = tuple(self._endpoints.values())
        for endpoint in endpoints:
            endpoint.tidy()

    def wait(self) -> None:
        """Wait for what is being written down or passed on."""
        self._errands.wait()

    def close(self) -> None:
        """Let go of everything."""
        self.wait()
        self._keep_only(frozenset())
        self._parts.supervisor.close()
        self._parts.present.close()

    def _declared(self, code: Code, manifest: Manifest) -> Collection[str]:
        """Name the hooks of code that no host has loaded yet; installed by an older version."""
        if manifest.hooks is not None:
            return manifest.hooks
        found = self._marked.get(code.digest)
        if found is None:
            folder = open_folder(self._folder(code), known_scopes=())
            found = self._marked[code.digest] = marked(folder)
        return found

    def _folder(self, code: Code) -> Path:
        return self._parts.packages / digest_hex(code.digest)

    def _endpoint(self, code: Code, manifest: Manifest) -> Endpoint:
        host, folder = code.host, self._folder(code)
        if host.locked and not self.confines():
            raise LoadFailed(manifest.id, "the start of its host", "", _UNCONFINED)
        if not (folder / manifest.entry_point).is_file():
            raise LoadFailed(manifest.id, "import", manifest.entry_point, "the file is missing")
        with self._lock:
            found = self._endpoints.get(host)
            if found is None:
                found = self._endpoints[host] = self._made(host, manifest, folder)
            return found

    def _made(self, host: HostKey, manifest: Manifest, folder: Path) -> Endpoint:
        spec = HostSpec(
            installation_id=host.installation_id,
            extension_id=manifest.id,
            digest=host.digest,
            folder=str(folder.absolute()),
            entry_point=manifest.entry_point,
            locked=host.locked,
        )
        broker = Broker(manifest.id, self._parts.context(manifest.id))
        requirements = partial(self._parts.requirements, manifest, host.digest)
        return Endpoint(spec, requirements, broker, self._hosts)

    def _keep_only(self, hosts: Collection[HostKey]) -> None:
        with self._lock:
            gone = [self._endpoints.pop(one) for one in tuple(self._endpoints) if one not in hosts]
        for endpoint in gone:
            endpoint.forget()

    def _crashed(self, loop: CrashLoop) -> None:
        # Somebody's write transaction may be open in this thread, and there is but one at a time.
        self._errands.run(
            f"crash loop {loop.installation_id}", lambda: self._parts.switch_off(loop)
        )


def _finding(spec: HostSpec, given: NotRunning) -> Finding:
    """Say why a draft can't be loaded. Raises HostUnavailable where that is no fault of its own."""
    match given.code:
        case "load_failed":
            return Finding(given.where, "load_failed", f"{given.doing}: {given.reason}")
        case "busy":
            raise HostUnavailable(spec.extension_id, f"{given.reason}.", given.retry_after or 1.0)
        case "timeout":
            return Finding("", "timeout", f"Loading it did not end in time: {given.reason}.")
        case "locks_failed":
            return Finding("", "locks_failed", f"Its process can't be locked up: {given.reason}.")
        case _:
            return Finding(
                "",
                "died",
                f"The process that loaded it ended by itself ({given.reason}). An extension must "
                "not end its process (os._exit, a crash in native code).",
            )
