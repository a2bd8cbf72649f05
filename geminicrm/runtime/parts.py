"""What the extension runtime of one process is built on."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from extensions.sdk.context import WorkspaceInfo
from geminicrm.connections.absent import NoSharedValues, NoTokens
from geminicrm.connections.opened import SharedValues, Tokens
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.work import Works
from geminicrm.runtime.calls import CallMetrics
from geminicrm.runtime.failure_book import Failure
from geminicrm.runtime.host.sandbox.machine import machine_level
from geminicrm.runtime.hosting.hosting import no_requirements
from geminicrm.runtime.hosting.supervising import NoSupervisor, Supervisor
from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.packages import FilesOf, no_files
from geminicrm.runtime.safe_mode import never

GUEST: Final = "guest"
"""A command beside a server that does a server's work, in an environment of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeOptions:
    """What the operator's settings say about running extensions.

    `kind` is the kind of process (web, worker, command, guest), `threads` how many threads it has
    for work, `seconds` what one call may take.
    """

    home: Path
    kind: str
    threads: int
    seconds: float

    @property
    def packages(self) -> Path:
        """Where the unpacked versions lie, by digest."""
        return self.home / "packages"

    @property
    def logs(self) -> Path:
        """Where each installation has its log."""
        return self.home / "logs" / "extensions"

    @property
    def machine(self) -> str:
        """What all processes share that share this home."""
        return f"{socket.gethostname()}:{self.home}"[-80:]


def no_report(_failures: Mapping[Failure, int]) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeParts:
    """What the runtime is built on.

    `supervisor` is the way to that of this machine, `present` the same where it must not be
    started; `machine` says what locks there are, and `requirements` where the Python packages of a
    version lie, by its manifest and digest; `files_of` gives the files of a package that is not
    on this machine; `own` tells which packages came with the CRM, which alone run in its process,
    and `safe` whether safe mode is on. `tokens` and `shared` are where access tokens come from, and
    the operator's values for integrations. `report` is told now and then which failures there were.
    """

    works: Works
    generations: Generations
    cipher: Cipher
    metrics: CallMetrics
    http: HttpClient
    workspace: Callable[[str], WorkspaceInfo]
    own: Callable[[str], bool]
    supervisor: Supervisor = field(default_factory=NoSupervisor)
    present: Supervisor = field(default_factory=NoSupervisor)
    machine: Callable[[], Mapping[str, str]] = machine_level
    requirements: Callable[[Manifest, str], Path | None] = no_requirements
    report: Callable[[Mapping[Failure, int]], object] = no_report
    tokens: Tokens = field(default_factory=NoTokens)
    shared: SharedValues = field(default_factory=NoSharedValues)
    files_of: FilesOf = no_files
    safe: Callable[[], bool] = never
