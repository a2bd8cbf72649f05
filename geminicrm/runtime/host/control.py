"""The messages between the core, the supervisor, the zygote and a host that starts.

On the supervisor's own socket each connection carries one question and its answer. The core is
trusted there; what a starting host says of itself is not.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta

from geminicrm.runtime.host.messages import Line, Message, Number, Short
from geminicrm.runtime.host.place import Place

Lines: TypeAlias = Annotated[tuple[Line, ...], Meta(max_length=200)]
Layers: TypeAlias = Annotated[dict[Short, Line], Meta(max_length=20)]
"""The level in force: what each layer says of itself, "on", "on (ABI 7)" or "off: the reason"."""


class HostSpec(Message, frozen=True):
    """Which code a host runs and how it is locked up.

    `folder` holds the package, `requirements` its Python packages. `locked` False makes a plain
    process, for an extension that an admin has marked as trusted. `without` names layers to leave
    out and `landlock_abi` the highest to use: for the tests that show what each of them stops; the
    core takes no host for a locked one that lacks a layer.
    """

    installation_id: Short
    extension_id: Short
    digest: Short
    folder: Line
    entry_point: Line
    requirements: Line | None = None
    locked: bool = True
    without: Annotated[tuple[Short, ...], Meta(max_length=10)] = ()
    landlock_abi: Number | None = None


# To the supervisor


class Ensure(Message, frozen=True):
    """Give me a running host for this; `draft` marks one whose installation is not stored yet."""

    spec: HostSpec
    draft: bool = False


class Retire(Message, frozen=True):
    """Let a generation finish what it does within `grace` seconds, then end it for good."""

    generation: Number
    grace: float
    reason: Line = ""


class Restart(Message, frozen=True):
    """Start a new generation for an installation, make it the current one, drain the old."""

    installation_id: Short


class Desired(Message, frozen=True):
    """What should be able to run: (installation, digest, locked); hosts of others are ended.

    `number` is the generation of the table that says so; an older one is ignored. Conversations
    that run have `grace` seconds to end.
    """

    number: int
    hosts: tuple[tuple[Short, Short, bool], ...]
    grace: float = 10.0


class Forgive(Message, frozen=True):
    """Forget the crashes of an installation: an admin has switched it on again."""

    installation_id: Short


class Look(Message, frozen=True):
    """Tell me about all hosts."""


class Leave(Message, frozen=True):
    """Give way to the supervisor of a server; only one that a client started does."""


# From the supervisor


class Running(Message, frozen=True):
    """A host that is ready; `socket` is its file inside the socket folder.

    `hooks` and `routes` (rule, methods) are what its code has; `level` is what its locks say.
    """

    generation: Number
    socket: Short
    pid: int
    hooks: tuple[Short, ...]
    routes: tuple[tuple[Line, tuple[Short, ...]], ...]
    level: Layers


class NotRunning(Message, frozen=True):
    """Why there is no host: code is load_failed, locks_failed, crashed, crash_loop, timeout, busy.

    `doing` and `where` are of the code that failed to load, `lines` the last of its log,
    `retry_after` seconds of backoff.
    """

    code: Short
    reason: Line
    doing: Line = ""
    where: Line = ""
    lines: Lines = ()
    retry_after: float = 0.0


class Done(Message, frozen=True):
    """It is done."""


class HostState(Message, frozen=True):
    """One host as the operator sees it; times in seconds, memory in bytes."""

    generation: Number
    installation_id: Short
    extension_id: Short
    digest: Short
    pid: int
    state: Short
    age: float
    started_in: float
    private_memory: int
    level: Layers


class States(Message, frozen=True):
    """All hosts."""

    zygote: int
    hosts: tuple[HostState, ...]


Question: TypeAlias = Ensure | Retire | Restart | Desired | Forgive | Look | Leave
Given: TypeAlias = Running | NotRunning | Done | States


# From a host to the supervisor: Locked and Ready, or NotReady in the place of either


class Locked(Message, frozen=True):
    """Locked up and proven; `proofs` are the forbidden actions that were refused.

    It is said before any code of the extension is loaded, which could say anything.
    """

    level: Layers
    proofs: Lines


class Ready(Message, frozen=True):
    """Loaded."""

    hooks: tuple[Short, ...]
    routes: tuple[tuple[Line, tuple[Short, ...]], ...]


class NotReady(Message, frozen=True):
    """It did not come that far; `code` is load_failed or locks_failed."""

    code: Short
    doing: Line
    where: Line
    reason: Line


Report: TypeAlias = Locked | Ready | NotReady


# Between the supervisor and the zygote


class Fork(Message, frozen=True):
    """Fork a host; with it come its listener, its status socket and its log pipe."""

    spec: HostSpec
    place: Place


class Signal(Message, frozen=True):
    """Send a signal to a host: its parent knows that the pid is not somebody else's by now."""

    pid: Number
    number: Number


class Awake(Message, frozen=True):
    """The zygote has imported what hosts need."""


class Born(Message, frozen=True):
    """A host was forked."""

    generation: Number
    pid: Number


class Ended(Message, frozen=True):
    """A host is gone; `code` is its exit code, or the negative number of a signal."""

    pid: Number
    code: int


class NotBorn(Message, frozen=True):
    """The fork failed."""

    generation: Number
    reason: Line


ToZygote: TypeAlias = Fork | Signal
FromZygote: TypeAlias = Awake | Born | NotBorn | Ended
