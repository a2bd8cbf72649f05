"""The same extension twice in one server, in process and in a host; hosts without a server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile

from bench import extensions, ours
from bench.compare import Contender
from bench.exchanges import fetch
from bench.lab import Lab
from bench.services import Service
from geminicrm.runtime.host.control import (
    Done,
    Ensure,
    Given,
    HostSpec,
    HostState,
    Look,
    Question,
    Restart,
    Retire,
    Running,
    States,
)
from geminicrm.runtime.hosting.supervisor_client import SupervisorClient

IN_PROCESS, HOSTED = "in-process", "hosted"
_ASK_SECONDS = 30.0


class NoHost(RuntimeError):
    """The supervisor did not do what was asked."""


def contenders(lab: Lab, path: Callable[[Service], str]) -> list[Contender]:
    """Start one server with both; give the hosted one first. `path` is below an extension."""
    service = ours.start(lab)
    for name, hosted in ((IN_PROCESS, False), (HOSTED, True)):
        extensions.add(service, lab.home(name), f"bench-{name}", hosted=hosted)
    return [_asking(replace(service, name=name), path(service)) for name in (HOSTED, IN_PROCESS)]


def _asking(service: Service, path: str) -> Contender:
    whole = f"/api/extensions/bench-{service.name}/{path}"
    expected = service.ask("GET", whole)
    return Contender(service, lambda _connection: fetch(service.token, whole, expected))


@dataclass(frozen=True)
class Supervisor:
    """The supervisor of a home, asked as the core asks it."""

    client: SupervisorClient
    package: Path

    def start(self, number: int) -> tuple[Running, float]:
        """Start one more host of the same code; give it and the seconds until it was ready."""
        spec = HostSpec(
            installation_id=f"inst_bench_{number}",
            extension_id="bench-alone",
            digest=f"sha256:{number:064x}",
            folder=str(self.package),
            entry_point="extension.py",
        )
        began = time.perf_counter()
        given = self._ask(Ensure(spec, draft=True))
        took = time.perf_counter() - began
        if not isinstance(given, Running):
            raise NoHost(repr(given))
        return given, took

    def retire(self, running: Running) -> None:
        """End a host."""
        self._ask(Retire(running.generation, 0.0, "measured"))

    def hosts(self) -> tuple[HostState, ...]:
        """Give all hosts."""
        given = self._ask(Look())
        if not isinstance(given, States):
            raise NoHost(repr(given))
        return given.hosts

    def restart(self, installation_id: str) -> None:
        """Put a new generation in the place of the current one."""
        given = self._ask(Restart(installation_id))
        if not isinstance(given, Running | Done):
            raise NoHost(repr(given))

    def _ask(self, question: Question) -> Given:
        return self.client.ask(question, time.monotonic() + _ASK_SECONDS)


@contextmanager
def supervised(home: Path, package: Path | None = None) -> Iterator[Supervisor]:
    """Give the supervisor of a home; with a `package` one is started where there is none."""
    folder = home / "unpacked"
    if package is not None:
        with ZipFile(package) as archive:
            archive.extractall(folder)
    client = SupervisorClient(home, starts=package is not None)
    try:
        yield Supervisor(client, folder)
    finally:
        client.close()
