"""Watching: several processes count, one judgement is made, the period ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.clock import FixedClock, format_instant
from geminicrm.kernel.generation import RUNTIME
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.failures import ExtensionFailed, ExtensionPaused, HostUnavailable
from geminicrm.runtime.history.models import WatchCount
from geminicrm.runtime.models import Installation
from geminicrm.runtime.watching.counter import Counter
from geminicrm.runtime.watching.watching import Watching
from tests.support.core import START, Tenant, make_tenant
from tests.support.sample_extensions import HEAD, QUIET, Stage, make_stage

BEFORE = "sha256:before"
SECONDS = 600.0


class Watchers:
    """Processes that watch one installation of one core; time moves by hand."""

    def __init__(self, core: Core, tenant: Tenant) -> None:
        self.core = core
        self.tenant = tenant
        self.now = 0.0
        self.returned: list[str] = []
        self.stage: Stage = make_stage(core)
        until = START + timedelta(seconds=SECONDS)
        watch = {"digest": BEFORE, "version": "0.9.0", "until": format_instant(until)}
        self.id = self.stage.put(tenant, HEAD + QUIET, row={"watch": watch})

    def row(self) -> Installation:
        return self.stage.row(self.tenant, self.id)

    def worker(self, name: str) -> tuple[Watching, Counter]:
        watching = Watching(
            self.core.works,
            self.core.generations,
            name,
            self._come_back,
            lambda _name, errand: errand(),
            lambda: self.now,
        )
        counter = watching.counter(self.row())
        assert counter is not None
        return watching, counter

    def counts(self) -> list[WatchCount]:
        with self.core.works.read(self.tenant.system()) as work:
            return list(work.session.scalars(select(WatchCount).order_by(WatchCount.worker_id)))

    def _come_back(self, *asked: str) -> bool:
        assert asked[:2] == (self.tenant.id, "sample")
        self.returned.append(asked[3])
        return True


def calls(counter: Counter, well: int, failing: int = 0) -> None:
    for _ in range(well + failing):
        counter.called()
    for _ in range(failing):
        counter.failed("it broke")


@pytest.fixture
def watchers(both_cores: Core) -> Watchers:
    """Give the watchers of an installation, on each engine."""
    return Watchers(both_cores, make_tenant(both_cores, "north"))


def test_what_is_not_watched_costs_nothing(stage: Stage, tenant: Tenant):
    one = stage.put(tenant, HEAD + QUIET)
    assert stage.find(tenant).watch is None
    assert stage.runtime.watching.counter(stage.row(tenant, one)) is None
    stage.runtime.watching.look()


def test_failures_of_all_processes_count_together(watchers: Watchers):
    (first, mine), (second, yours) = watchers.worker("a"), watchers.worker("b")
    calls(mine, 10, failing=3)
    calls(yours, 10, failing=2)
    watchers.now = 0.2
    first.look()
    assert watchers.returned == []
    second.look()
    assert watchers.returned == ["5 of 25 calls failed. Last: it broke"]
    assert [(one.calls, one.failures) for one in watchers.counts()] == [(13, 3), (12, 2)]


def test_what_goes_well_is_written_once_a_second_and_only_if_there_is_news(watchers: Watchers):
    watching, counter = watchers.worker("a")
    calls(counter, 10)
    watchers.now = 0.9
    watching.look()
    assert watchers.counts() == []
    watchers.now = 1.1
    watching.look()
    assert [one.calls for one in watchers.counts()] == [10]
    first = watchers.counts()[0].updated_at
    clock = watchers.core.works.clock
    assert isinstance(clock, FixedClock)
    clock.advance(5)
    watchers.now = 9.0
    watching.look()
    assert watchers.counts()[0].updated_at == first


def test_a_rate_is_held_against_that_of_the_version_before(watchers: Watchers):
    with watchers.core.works.write(watchers.tenant.system()) as work:
        facts: dict[str, Any] = {"installation_id": watchers.id, "digest": BEFORE}
        count = WatchCount(id="wat_before", worker_id="z", calls=100, failures=40, **facts)
        count.updated_at = work.now
        work.session.add(count)
    watching, counter = watchers.worker("a")
    calls(counter, 20, failing=20)
    watchers.now = 0.2
    watching.look()
    assert watchers.returned == []
    calls(counter, 0, failing=180)
    watchers.now = 0.4
    watching.look()
    assert watchers.returned == [
        "200 of 220 calls failed, and 40 of 100 of the version before. Last: it broke"
    ]


def test_the_period_ends_well_once(watchers: Watchers):
    (first, _), (second, _) = watchers.worker("a"), watchers.worker("b")
    before = watchers.core.generations.get(RUNTIME)
    clock = watchers.core.works.clock
    assert isinstance(clock, FixedClock)
    clock.advance(SECONDS + 1)
    watchers.now = SECONDS + 1
    first.look()
    second.look()
    assert watchers.row().watch is None
    assert watchers.core.generations.get(RUNTIME) == before + 1
    with watchers.core.works.read(watchers.tenant.system()) as work:
        found = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "extension.watch_ended")
        ).all()
    assert [entry.subject for entry in found] == ["sample"]


def test_nobody_judges_a_version_that_has_gone(watchers: Watchers):
    watching, counter = watchers.worker("a")
    watchers.stage.change(watchers.tenant, watchers.id, digest="sha256:other")
    calls(counter, 0, failing=9)
    watchers.now = 2.0
    watching.look()
    assert (watchers.returned, watchers.counts()) == ([], [])
    watching.swapped({}, {})
    assert watching.counter(watchers.row()) is not counter


def test_what_cant_be_loaded_goes_at_once(watchers: Watchers):
    watching, counter = watchers.worker("a")
    row = watchers.row()
    watching.swapped({(row.id, row.digest): counter}, {row.id: "the file is missing"})
    watchers.now = 0.2
    watching.look()
    assert watchers.returned == ["It can't be loaded: the file is missing"]


@pytest.mark.parametrize(
    ("error", "failures"),
    [
        (ValueError("no"), 1),
        (HostUnavailable("sample", "it ended.", crashed=True), 1),
        (HostUnavailable("sample", "the supervisor stops."), 0),
    ],
    ids=["its fault", "it has crashed", "nobody's fault"],
)
def test_calls_are_counted_where_they_are_made(
    core: Core, tenant: Tenant, error: Exception, failures: int
):
    watchers = Watchers(core, tenant)
    runtime = watchers.stage.runtime
    installed = watchers.stage.find(tenant)
    run = runtime.calls.run
    run(CallContext(installed, tenant.owner(), "route", 5.0), lambda: None)
    with pytest.raises((ExtensionFailed, HostUnavailable)):
        run(CallContext(installed, tenant.owner(), "route", 5.0), _raising(error))
    assert installed.watch is not None
    count, _ = installed.watch.seen()
    assert (count.calls, count.failures) == (2, failures)


def test_a_kind_of_call_that_is_left_out_is_trouble(core: Core, tenant: Tenant):
    watchers = Watchers(core, tenant)
    installed = watchers.stage.find(tenant)
    run = watchers.stage.runtime.calls.run
    failing = _raising(ValueError("no"))
    for _ in range(5):
        with pytest.raises(ExtensionFailed):
            run(CallContext(installed, tenant.owner(), "route", 5.0), failing)
    with pytest.raises(ExtensionPaused):
        run(CallContext(installed, tenant.owner(), "route", 5.0), failing)
    assert installed.watch is not None
    assert "ValueError: no" in str(installed.watch.trouble)
    assert installed.watch.seen()[0].calls == 5


def _raising(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work
