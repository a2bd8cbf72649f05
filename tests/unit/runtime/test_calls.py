import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from geminicrm.kernel.clock import FixedClock
from geminicrm.runtime.call_context import CallContext, current_call
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.failures import (
    ExtensionBusy,
    ExtensionFailed,
    ExtensionPaused,
    ExtensionTimeout,
    RemoteFailure,
)
from geminicrm.runtime.host.traces import place_of, reason_of
from geminicrm.runtime.live import Installed
from geminicrm.runtime.slots import Slots
from tests.support.core import START, Tenant
from tests.support.sample_extensions import HEAD, QUIET, CountedCalls, Stage, with_method
from tests.support.waiting import eventually


@dataclass
class WrittenDown:
    """The log of installations, in memory."""

    lines: list[tuple[str, str, str]] = field(default_factory=list)

    def failed(self, installed: Installed, kind: str, error: ExtensionFailed) -> None:
        self.lines.append((installed.id, kind, str(error)))


@dataclass
class Guarded:
    """Calls with everything that a test wants to look at, and an installation to call."""

    installed: Installed
    caller: Any
    clock: FixedClock
    metrics: CountedCalls = field(default_factory=CountedCalls)
    slots: Slots = field(default_factory=lambda: Slots(8))
    counter: Any = None
    log: WrittenDown = field(default_factory=WrittenDown)

    def __post_init__(self) -> None:
        self.calls = Calls(
            self.slots, self.counter, lambda _: self.installed, self.metrics, self.clock, self.log
        )

    def call(self, kind: str = "route", seconds: float = 5.0, **more: Any) -> CallContext:
        return CallContext(self.installed, self.caller, kind, seconds, patience=0, **more)

    def fail(self, times: int, kind: str = "route") -> None:
        def broken() -> None:
            raise ValueError("broken")

        for _ in range(times):
            with pytest.raises(ExtensionFailed):
                self.calls.run(self.call(kind), broken)


@pytest.fixture
def guarded(stage: Stage, tenant: Tenant) -> Guarded:
    source = with_method(
        """
        def fail(self):
            self.inner()

        def inner(self):
            raise ValueError("the password is 123")

        def forever(self):
            return self.forever()

        def leave(self):
            raise SystemExit(1)
        """
    )
    stage.put(tenant, source)
    clock = FixedClock(START)
    return Guarded(stage.find(tenant), tenant.system(), clock, counter=stage.runtime.ledger)


def test_a_call_gives_its_result_and_knows_itself_while_it_runs(guarded: Guarded):
    call = guarded.call()
    seen = guarded.calls.run(call, lambda: (current_call(), call.is_open, call.actor.id))

    assert seen == (call, True, "sample")
    assert current_call() is None
    assert not call.is_open
    assert guarded.metrics.seen == [("sample", "route", "ok")]
    assert guarded.slots.running(guarded.installed.id) == 0


def test_a_failure_names_extension_and_place_but_not_the_data(guarded: Guarded):
    extension: Any = guarded.installed.loaded.extension
    with capture_logs() as logs, pytest.raises(ExtensionFailed) as caught:
        guarded.calls.run(guarded.call(), extension.fail)

    error = caught.value
    assert (error.status, error.extension_id) == (502, "sample")
    assert error.where == "extension.py:22 in inner"
    assert "ValueError" in error.detail
    assert "123" not in error.detail
    assert isinstance(error.__cause__, ValueError)
    (line,) = [line for line in logs if line["event"] == "extension failed"]
    assert line["extension_id"] == "sample"
    assert line["error"] == "ValueError: the password is 123"
    (written,) = guarded.log.lines
    assert written[:2] == (guarded.installed.id, "route")
    assert written[2].endswith("at extension.py:22 in inner: ValueError: the password is 123")
    assert guarded.metrics.seen == [("sample", "route", "failed")]


@pytest.mark.parametrize(
    ("method", "kind"), [("leave", "SystemExit"), ("forever", "RecursionError")]
)
def test_whatever_is_raised_stays_the_extensions_own(guarded: Guarded, method: str, kind: str):
    with pytest.raises(ExtensionFailed) as caught:
        guarded.calls.run(guarded.call(), getattr(guarded.installed.loaded.extension, method))

    assert caught.value.reason.startswith(kind)


def test_ctrl_c_in_the_main_thread_goes_through(guarded: Guarded):
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        guarded.calls.run(guarded.call(), interrupted)

    with pytest.raises(ExtensionFailed, match="KeyboardInterrupt"):
        guarded.calls.run_with_deadline(guarded.call(), interrupted)


def test_an_error_that_is_an_answer_passes_and_is_no_failure(guarded: Guarded):
    def refuse() -> None:
        raise LookupError("no")

    for _ in range(10):
        with pytest.raises(LookupError):
            guarded.calls.run(guarded.call(passes=(LookupError,)), refuse)
    assert guarded.calls.troubles(guarded.installed.id) == []
    assert set(guarded.metrics.seen) == {("sample", "route", "refused")}


def test_the_third_call_at_once_is_told_to_come_back(guarded: Guarded):
    def third() -> None:
        guarded.calls.run(guarded.call(), lambda: None)

    def second() -> None:
        guarded.calls.run(guarded.call(), third)

    with pytest.raises(ExtensionFailed) as caught:
        guarded.calls.run(guarded.call(), second)
    cause = caught.value.__cause__
    assert isinstance(cause, ExtensionFailed)
    assert isinstance(cause.__cause__, ExtensionBusy)
    assert cause.__cause__.headers["Retry-After"] == "1"
    assert ("sample", "route", "busy") in guarded.metrics.seen


def test_after_five_failures_it_is_left_out_for_a_while(guarded: Guarded):
    guarded.fail(5)
    with pytest.raises(ExtensionPaused) as caught:
        guarded.calls.run(guarded.call(), lambda: "well")
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (503, "30")
    assert guarded.slots.running(guarded.installed.id) == 0

    assert guarded.calls.run(guarded.call("action"), lambda: "well") == "well", "another kind"
    (trouble,) = guarded.calls.troubles(guarded.installed.id)
    assert (trouble.kind, trouble.reason, trouble.paused) == ("route", "ValueError: broken", True)
    assert trouble.at == START

    guarded.clock.advance(31)
    assert guarded.calls.run(guarded.call(), lambda: "well") == "well"
    (trouble,) = guarded.calls.troubles(guarded.installed.id)
    assert not trouble.paused


def test_a_host_that_ends_is_left_to_its_supervisor(guarded: Guarded):
    def ends() -> None:
        raise RemoteFailure("", "its process ended", ended=True)

    for _ in range(6):
        with capture_logs(), pytest.raises(ExtensionFailed, match="its process ended"):
            guarded.calls.run(guarded.call(), ends)
    (trouble,) = guarded.calls.troubles(guarded.installed.id)
    assert (trouble.reason, trouble.paused) == ("its process ended", False)


def test_a_new_version_starts_afresh(guarded: Guarded):
    guarded.fail(5)
    guarded.calls.keep_only({(guarded.installed.id, guarded.installed.digest)})
    assert guarded.calls.troubles(guarded.installed.id)

    guarded.calls.keep_only({(guarded.installed.id, "another digest")})
    assert guarded.calls.troubles(guarded.installed.id) == []
    assert guarded.calls.run(guarded.call(), lambda: "well") == "well"


def test_an_overrun_is_measured_and_counts_as_a_failure(guarded: Guarded):
    with capture_logs() as logs:
        for _ in range(5):
            assert guarded.calls.run(guarded.call(seconds=-1), lambda: "late") == "late"

    assert set(guarded.metrics.seen) == {("sample", "route", "timeout")}
    assert logs[0]["event"] == "extension overran its time"
    with pytest.raises(ExtensionPaused):
        guarded.calls.run(guarded.call(), lambda: "well")


def test_time_in_another_extension_is_that_extensions_time(guarded: Guarded):
    outer, inner = guarded.call(), guarded.call("hook")
    guarded.calls.run(outer, lambda: guarded.calls.run(inner, lambda: None))

    assert inner.parent is outer
    assert [one.kind for one in inner.chain()] == ["hook", "route"]
    assert outer.inner_seconds > 0


def test_a_call_by_deadline_gives_result_and_error(guarded: Guarded):
    extension: Any = guarded.installed.loaded.extension

    assert guarded.calls.run_with_deadline(guarded.call(), lambda: 7) == 7
    with pytest.raises(ExtensionFailed, match="in inner"):
        guarded.calls.run_with_deadline(guarded.call(), extension.fail)


def test_who_never_returns_is_given_up_and_keeps_the_place(guarded: Guarded):
    release = threading.Event()
    call = guarded.call("install", seconds=0.02)
    with pytest.raises(ExtensionTimeout) as caught:
        guarded.calls.run_with_deadline(call, release.wait)

    assert (caught.value.status, caught.value.doing) == (504, "install")
    assert not call.is_open, "its doors are closed"
    assert guarded.slots.running(guarded.installed.id) == 1
    (trouble,) = guarded.calls.troubles(guarded.installed.id)
    assert trouble.reason == "no return within 0.02 s"
    release.set()
    eventually(lambda: guarded.slots.running(guarded.installed.id) == 0)
    assert guarded.metrics.seen == [("sample", "install", "timeout")]


def test_a_call_that_has_not_begun_has_no_actor(guarded: Guarded):
    with pytest.raises(RuntimeError, match="has not begun"):
        _ = guarded.call().actor


def test_the_place_is_the_deepest_frame_of_its_own(guarded: Guarded, stage: Stage):
    def outside() -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$") as caught:
        outside()
    assert place_of(caught.value, stage.packages) == ""
    foreign = SyntaxError("bad", ("/elsewhere/x.py", 3, 1, "x"))
    assert place_of(foreign, stage.packages) == ""


def test_the_reason_is_one_line_even_of_errors_that_fail_themselves():
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    assert reason_of(Mute()) == "Mute: (its text can't be read)"
    assert reason_of(ValueError("two\n  lines")) == "ValueError: two lines"
    assert reason_of(ValueError()) == "ValueError"


def test_a_failure_without_a_place_says_so_plainly():
    assert str(ExtensionFailed("sample", "route", "", "ValueError: x")) == (
        "sample failed in route: ValueError: x"
    )


def test_the_actor_is_the_grant_cut_down_to_the_caller(stage: Stage, tenant: Tenant):
    stage.put(tenant, HEAD + QUIET, row={"granted": ["read:leads", "write:leads"]})
    installed = stage.find(tenant)
    seen: list[Callable[[str], bool]] = []
    for caller in (tenant.owner("read:leads", "read:deals"), tenant.system()):
        call = CallContext(installed, caller, "route", 1.0)
        stage.runtime.calls.run(call, lambda call=call: seen.append(call.actor.allows))

    allowed = [[allows(s) for s in ("read:leads", "write:leads", "read:deals")] for allows in seen]
    assert allowed == [[True, False, False], [True, True, False]]
