"""The engine: turns for all, an end for what hangs, and no outcome that holds up the others."""

import threading

import pytest

from geminicrm.kernel.jobs import groups
from geminicrm.kernel.jobs.engine import Stuck
from geminicrm.kernel.jobs.kinds import Postponed
from tests.support.own_kind import ask, ask_for_many, row_of
from tests.support.waiting import eventually

_SECONDS = 30


def turning(worker, check):
    """Turn until it is true."""

    def turned():
        worker.engine.turn()
        return check()

    return eventually(turned, _SECONDS)


def slow_unless_quick(kind):
    return lambda job, run: None if job.target == "quick" else kind.wait(job, run)


def test_a_long_queue_with_slow_jobs_starves_nobody(core, tenant, kind, hands):
    kind.act = slow_unless_quick(kind)
    ask_for_many(core, tenant, "slow", 10_000)
    worker = hands(threads=3)
    turning(worker, lambda: kind.targets() == ["slow", "slow"])
    wanted = ask(core, tenant, "quick")
    turning(worker, lambda: row_of(core, wanted).state == "done")
    assert kind.most["slow"] == 2, "two threads at most for one queue"


def test_a_queue_that_never_runs_empty_lets_retries_pass(core, tenant, kind, hands, clock):
    def act(job, _run):
        if job.payload and not job.again:
            raise ConnectionError("nobody home")

    kind.act = act
    wanted = ask(core, tenant, payload={"fails": True})
    worker = hands(threads=1)
    worker.work()
    clock.advance(2)
    ask_for_many(core, tenant, "", 1_000)
    turning(worker, lambda: row_of(core, wanted).state == "done")
    assert len(kind.begun) < 200, "long before the others were done"


def test_what_an_attempt_said_of_itself_goes_with_it(core, tenant, kind, hands, clock):
    outcomes = [Postponed("it is paused", 1), ConnectionError("nobody home")]

    def act(_job, _run):
        raise outcomes.pop(0)

    kind.act = act
    wanted = ask(core, tenant, max_attempts=1)
    worker = hands()
    worker.work()
    assert row_of(core, wanted).note == "it is paused"
    clock.advance(2)
    worker.work()
    dead = row_of(core, wanted)
    assert (dead.state, dead.note, dead.last_error) == (
        "dead",
        None,
        "ConnectionError: nobody home",
    )


def test_after_its_time_a_group_gives_back_what_it_has_not_begun(
    core, tenant, kind, hands, monkeypatch
):
    monkeypatch.setattr(groups, "GROUP_SECONDS", 0.02)
    pause = threading.Event()
    kind.act = lambda _job, _run: pause.wait(0.03) and None
    ids = [ask(core, tenant) for _ in range(4)]
    hands(threads=1).work()
    assert [job.id for job in kind.begun] == ids
    assert {job.attempt for job in kind.begun} == {1}, "given back is not attempted"


@pytest.mark.usefixtures("often")
def test_what_hangs_is_given_up_and_too_much_of_it_ends_the_worker(
    core, tenant, kind, hands, monkeypatch
):
    monkeypatch.setattr(groups, "_GRACE_SECONDS", 0.0)
    kind.act = slow_unless_quick(kind)
    hanging = ask(core, tenant, "one", seconds=1)
    behind = ask(core, tenant, "one")
    worker = hands(threads=3)
    turning(worker, lambda: row_of(core, hanging).last_error)
    assert row_of(core, hanging).last_error == "it did not end within 1 s, and hangs"
    assert row_of(core, behind).attempts <= 1, "it was not begun"
    wanted = ask(core, tenant, "quick")
    turning(worker, lambda: row_of(core, wanted).state == "done")
    ask(core, tenant, "two", seconds=1)
    with pytest.raises(Stuck, match="2 of 3 threads"):
        turning(worker, lambda: False)


def test_what_a_worker_that_stops_has_in_hand_begins_anew(core, tenant, kind, hands):
    def until_told(_job, run):
        eventually(lambda: run.check() is not None, _SECONDS)

    kind.act = until_told
    wanted = ask(core, tenant)
    worker = hands()
    turning(worker, lambda: kind.begun)
    worker.engine.close()
    left = row_of(core, wanted)
    assert (left.state, left.attempts, left.max_attempts, left.leased_by) == ("queued", 1, 7, None)
    kind.act = lambda job, _run: {"again": job.again}
    hands().work()
    assert row_of(core, wanted).result == {"again": True}


@pytest.mark.usefixtures("often")
def test_progress_shows_while_it_runs(core, tenant, kind, hands):
    def act(_job, run):
        run.progress(140, "nearly\x00 there")
        kind.gate.wait()

    kind.act = act
    wanted = ask(core, tenant)
    worker = hands()
    turning(worker, lambda: row_of(core, wanted).progress == 100)
    assert row_of(core, wanted).note == "nearly there"


def good_or(act):
    return lambda job, _run: act() if job.payload else {"fine": "\\u0000"}


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda: {"x": object()}, "TypeError: its result is no JSON"),
        (lambda: {"x": "\ud800"}, "TypeError: its result is no JSON"),
        (lambda: {"x": "a\x00b"}, "NUL"),
        (lambda: (_ for _ in ()).throw(ValueError("a\x00b \ud800")), "ValueError: ab ?"),
        (lambda: (_ for _ in ()).throw(SystemExit(3)), "SystemExit: 3"),
        (lambda: (_ for _ in ()).throw(ValueError("x" * 100_000)), "ValueError: xxx"),
    ],
    ids=["no JSON", "half a pair", "NUL", "NUL in an error", "exit", "long"],
)
def test_an_outcome_that_no_database_takes_is_a_failure_and_holds_up_nobody(
    core, tenant, kind, hands, act, said
):
    kind.act = good_or(act)
    bad = ask(core, tenant, payload={"bad": True}, max_attempts=1)
    good = ask(core, tenant)
    hands(threads=1).work()
    assert row_of(core, bad).state == "dead"
    assert said in row_of(core, bad).last_error
    assert len(row_of(core, bad).last_error) <= 4_000
    assert row_of(core, good).result == {"fine": "\\u0000"}
