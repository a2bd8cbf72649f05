"""The order of the steps, and the way back when one of them fails."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import structlog

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.install import (
    fetch,
    load,
    mount,
    requirements,
    resolve,
    stage,
    validate,
    verify,
)
from geminicrm.runtime.install.files import held
from geminicrm.runtime.install.state import (
    Consent,
    InstallState,
    Lease,
    Order,
    Refused,
    Tools,
)
from geminicrm.runtime.problems import InstallFailed

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


LOOK = (
    Step("fetch", fetch.do),
    Step("verify", verify.do),
    Step("validate", validate.do),
    Step("resolve", resolve.do),
)
"""What only looks: the same for a plan and for an install."""

ACT = (
    Step("stage", stage.do, stage.undo),
    Step("requirements", requirements.do, requirements.undo),
    Step("load", load.do, load.undo),
    Step("mount", mount.do),
)
"""What changes something, once an admin has agreed."""


class Pipeline:
    """Runs the steps of an install."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    def look(self, order: Order) -> Run:
        """Find out what an install would do. Raises NotFound, InstallFailed."""
        return self._run(LOOK, Run(InstallState(order=order), ()))

    def act(self, looked: Run, consent: Consent, lease: Lease) -> Run:
        """Install what was looked at. Raises InstallFailed, and then nothing has changed."""
        with held(self.tools.packages) as hold:
            state = replace(looked.state, consent=consent, lease=lease, hold=hold)
            return self._run(ACT, Run(state, looked.times))

    def _run(self, steps: Sequence[Step], run: Run) -> Run:
        done: list[tuple[Step, InstallState]] = []
        state, times = run.state, list(run.times)
        for step in steps:
            started = time.perf_counter()
            state.order.progress(step.name)
            try:
                if state.lease is not None:
                    state.lease.renew()
                state = step.do(state, self.tools)
            except BaseException as error:
                self._undo(done)
                _rename(step.name, state.order.extension_id, error)
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


def _rename(step: str, extension_id: str, error: BaseException) -> None:
    """Say which step of which extension failed, unless the error has a name of its own."""
    if isinstance(error, Refused):
        found = error.findings
        raise InstallFailed(step, extension_id, error.reason, error.place, found) from error
    if isinstance(error, ExtensionFailed):
        raise InstallFailed(step, extension_id, f"{error.reason}.", error.where) from error
