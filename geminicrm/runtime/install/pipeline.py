"""The order of the steps, and the way back when one of them fails."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.kernel.disk import disk_full, is_full
from geminicrm.kernel.errors import AppError, Finding
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.history.protocols import Intent, Lease
from geminicrm.runtime.install import (
    fetch,
    load,
    mount,
    recall,
    requirements,
    resolve,
    stage,
    switch,
    validate,
    verify,
)
from geminicrm.runtime.install.files import held
from geminicrm.runtime.install.state import (
    INSTALL,
    Consent,
    Course,
    InstallState,
    Order,
    Refused,
    Tools,
    Undecided,
)
from geminicrm.runtime.problems import InstallFailed

_ROOM = (
    "Nothing was changed. Free some room: delete for good what was uninstalled, old backups and "
    "logs, or give the disk more; then repeat."
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """One step; what acts has an `undo`."""

    name: str
    do: Callable[[InstallState, Tools], InstallState]
    undo: Callable[[InstallState, Tools], None] | None = None


@dataclass(frozen=True, slots=True)
class StepTime:
    """How long a step took, in seconds."""

    step: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Run:
    """A state and the steps that led to it."""

    state: InstallState
    times: tuple[StepTime, ...]

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Give what the checks found that does not refuse."""
        return self.state.warnings

    def warned(self, message: str) -> "Run":
        """Give it with one more warning."""
        found = Finding("", "warning", message)
        return replace(self, state=replace(self.state, warnings=(*self.warnings, found)))


READ = (
    Step("fetch", fetch.do),
    Step("verify", verify.do),
    Step("validate", validate.do),
)
"""What brings a package and checks it."""

LOOK = (*READ, Step("resolve", resolve.do))
"""What only looks: the same for a plan and for an install."""

RECALL = (Step("recall", recall.do), Step("resolve", resolve.do))
"""The same for a version that was here before, without a registry."""

ACT = (
    Step("stage", stage.do, stage.undo),
    Step("requirements", requirements.do, requirements.undo),
    Step("load", load.do, load.undo),
    Step("mount", mount.do),
)
"""What installs, once an admin has agreed."""

SWITCH = (*ACT[:-1], Step("switch", switch.do))
"""What puts another version in the place of the one that runs; all but the last beside it."""


class Pipeline:
    """Runs the steps of an install."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    def look(self, order: Order, course: Course = INSTALL) -> Run:
        """Find out what an install would do, or another change. Raises NotFound, InstallFailed."""
        if order.version is None:
            version = resolve.choose(self.tools, order.actor, order.extension_id)
            order = replace(order, version=version)
        return self._run(LOOK, Run(InstallState(order=order, course=course), ()))

    def read(self, order: Order, course: Course) -> Run:
        """Bring a package and check it, whatever is installed. Raises as `look`."""
        return self._run(READ, Run(InstallState(order=order, course=course), ()))

    def recall(self, order: Order, course: Course) -> Run:
        """Look at a version that was here before and whose files still are. Raises as `look`."""
        return self._run(RECALL, Run(InstallState(order=order, course=course), ()))

    def act(self, looked: Run, consent: Consent, lease: Lease, course: Course = INSTALL) -> Run:
        """Install what was looked at, or put it in the place of the version that is there.

        Raises InstallFailed, and then nothing has changed.
        """
        ref, actor, present = looked.state.ref, looked.state.order.actor, course.present
        intent = Intent(
            kind=course.kind,
            extension_id=ref.extension_id,
            from_version=present.version if present else None,
            from_digest=present.digest if present else None,
            to_version=ref.version,
            to_digest=f"sha256:{ref.hex_digest}",
            group_id=course.group_id or looked.state.order.group_id,
        )
        with held(self.tools.packages) as hold:
            entry = self.tools.journal.begin(actor, intent, lease)
            state = replace(
                looked.state,
                course=course,
                consent=consent,
                lease=lease,
                hold=hold,
                entry_made=entry,
            )
            run = self._run(SWITCH if present else ACT, Run(state, looked.times))
        for said in self.tools.advice(actor, ref.registry_id, ref.extension_id, ref.version):
            run = run.warned(said)
        return run

    def _run(self, steps: Sequence[Step], run: Run) -> Run:
        done: list[tuple[Step, InstallState]] = []
        state, times = run.state, list(run.times)
        for step in steps:
            started = time.perf_counter()
            state.order.progress(step.name)
            try:
                if state.entry_made is not None:
                    state.entry.step(step.name)
                state = step.do(state, self.tools)
            except Undecided:
                raise
            except BaseException as error:
                self._undo(done)
                _close(state, error)
                if is_full(error):
                    home = self.tools.packages.parent
                    raise disk_full(state.order.extension_id, home, _ROOM) from error
                _rename(step.name, state, error)
                raise
            times.append(StepTime(step.name, time.perf_counter() - started))
            done.append((step, state))
        return Run(state, tuple(times))

    def _undo(self, done: Sequence[tuple[Step, InstallState]]) -> None:
        for step, state in reversed(done):
            if step.undo is None:
                continue
            try:
                step.undo(state, self.tools)
            except Exception:  # noqa: BLE001 - border: the other steps have to be undone all the same
                _log.exception("undo failed", step=step.name, extension=state.order.extension_id)


def _close(state: InstallState, error: BaseException) -> None:
    """Say in the journal that it did not happen; where that fails, whoever recovers says so."""
    if state.entry_made is not None:
        with contextlib.suppress(AppError, SQLAlchemyError):
            state.entry.undone(str(error))


def _rename(step: str, state: InstallState, error: BaseException) -> None:
    """Say which step of which extension failed, unless the error has a name of its own."""
    failed = partial(InstallFailed, step, state.order.extension_id, kind=state.course.kind)
    if isinstance(error, Refused):
        raise failed(error.reason, error.place, error.findings) from error
    if isinstance(error, ExtensionFailed):
        raise failed(f"{error.reason}.", error.where) from error
