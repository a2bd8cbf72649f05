"""How hosts start, answer, are drained and end."""

import signal

import pytest

from geminicrm.runtime.host.control import NotRunning, Ready, Running
from geminicrm.runtime.supervisor import fleet as fleet_module
from geminicrm.runtime.supervisor.hosts import State
from tests.unit.runtime.supervisor.conftest import locked, spec


def test_a_host_is_started_once_for_all_who_ask(world):
    first, second = world.ask(), world.ask()
    (host,) = world.machine.launched
    assert first == second == []
    world.fleet.born(host.generation, 100)
    world.ready(host, hooks=("on_event",), routes=(("/x", ("GET",)),))
    (running,) = first
    assert second == world.ask() == [running]
    assert isinstance(running, Running)
    assert (running.generation, running.pid, running.hooks) == (host.generation, 100, ("on_event",))
    assert running.socket == f"{host.generation}.sock"


@pytest.mark.parametrize(
    "other",
    [
        {"installation": "other"},
        {"digest": "sha256:b"},
        {"locked": False},
        {"without": ("landlock",)},
    ],
)
def test_another_specification_is_another_host(world, other):
    world.host()
    assert world.ask(spec(**other)) == []
    assert len(world.machine.launched) == 2


def test_code_that_does_not_load_is_no_crash(world):
    answers = world.ask()
    (host,) = world.machine.launched
    world.fleet.born(host.generation, 100)
    world.not_ready(host)
    (given,) = answers
    assert (given.code, given.doing, given.where) == ("load_failed", "import", "extension.py:1")
    assert given.reason == "ValueError: no"
    world.fleet.ended(100, 1)
    assert world.ask() == []
    assert len(world.machine.launched) == 2


def test_locks_that_could_not_be_applied_are_named(world):
    answers = world.ask()
    world.not_ready(world.machine.launched[0], code="locks_failed")
    assert answers[0].code == "locks_failed"


def test_a_host_that_does_not_say_that_it_is_locked_is_killed(world):
    answers = world.ask()
    (host,) = world.machine.launched
    world.fleet.born(host.generation, 100)
    world.fleet.reported(host, Ready(hooks=(), routes=()))
    assert answers == [NotRunning("locks_failed", "it did not say that it is locked")]
    assert world.machine.signals == [(host.generation, signal.SIGKILL)]


def test_what_the_locks_say_is_what_was_said_before_the_code_was_loaded(world):
    world.ask()
    (host,) = world.machine.launched
    world.fleet.born(host.generation, 100)
    world.ready(host)
    level = dict(host.level)
    world.fleet.reported(host, locked(level={"uid": "on"}))
    assert host.level == level


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ({"level": {}}, "rlimits is not reported"),
        ({"proofs": ()}, "landlock was not proven: read the canary"),
    ],
)
def test_a_host_without_its_locks_is_killed(world, report, reason):
    answers = world.ask()
    (host,) = world.machine.launched
    world.fleet.born(host.generation, 100)
    world.fleet.reported(host, locked(**report))
    assert answers == [NotRunning("locks_failed", reason)]
    assert world.machine.signals == [(host.generation, signal.SIGKILL)]
    assert world.ask() == []


def test_a_start_that_takes_too_long_is_killed_and_counts_as_a_crash(world):
    answers = world.ask()
    (host,) = world.machine.launched
    world.clock.pass_by(fleet_module.START_SECONDS)
    assert answers[0].code == "timeout"
    world.fleet.born(host.generation, 100)  # it was asked for before the pid was known
    assert world.machine.signals == [(host.generation, signal.SIGKILL)]
    world.fleet.ended(100, -signal.SIGKILL)
    assert world.ask()[0].code == "crashed"


def test_only_a_zygote_that_did_not_even_fork_is_started_over(world):
    world.ask()
    world.fleet.born(world.machine.launched[0].generation, 100)
    world.clock.pass_by(fleet_module.START_SECONDS)
    assert world.machine.started_over == 0
    world.ask(spec("other"))
    world.clock.pass_by(fleet_module.START_SECONDS)
    assert world.machine.started_over == 1


def test_a_crash_makes_the_next_start_wait(world):
    world.host()
    world.fleet.ended(100, -signal.SIGSEGV)
    (given,) = world.ask()
    assert (given.code, given.retry_after) == ("crashed", 0.5)
    assert given.reason == "it was ended by signal 11 (SIGSEGV)"
    assert "crashed: it was ended by signal 11" in given.lines[-1]
    world.clock.pass_by(0.6)
    assert world.ask() == []


def test_who_waits_for_a_host_that_crashes_is_told(world):
    answers = world.ask()
    (host,) = world.machine.launched
    world.fleet.born(host.generation, 100)
    world.fleet.ended(100, 3)
    assert (answers[0].code, answers[0].reason) == (
        "crashed",
        "it ended by itself with exit code 3",
    )


def test_a_report_that_was_not_read_yet_counts(world):
    answers = world.ask()
    (host,) = world.machine.launched
    world.fleet.born(host.generation, 100)
    world.machine.heard[host.generation] = lambda: world.not_ready(host)
    world.fleet.ended(100, 1)
    assert answers[0].code == "load_failed"
    assert world.ask() == []


def test_five_crashes_are_a_loop_until_forgiven(world):
    for _crash in range(5):
        world.host()
        world.fleet.ended(100, 1)
        world.clock.pass_by(9.0)
    (given,) = world.ask()
    assert (given.code, given.retry_after) == ("crash_loop", 0.0)
    world.fleet.crashes.forgive("inst")
    assert world.ask() == []


def test_an_idle_host_ends_itself_and_that_is_no_crash(world):
    host = world.host()
    world.clock.pass_by(61.0)
    world.fleet.reported(host, None)
    assert host.state is State.DRAINING
    assert world.ask() == []
    world.fleet.ended(100, 0)
    assert [each.generation for each in world.fleet.hosts.values()] == [
        world.machine.launched[1].generation
    ]


def test_a_clean_end_that_is_too_early_to_be_idle_is_a_crash(world):
    world.host()
    world.fleet.ended(100, 0)
    assert world.ask()[0].code == "crashed"


def test_a_host_that_begins_to_leave_is_not_given_any_more(world):
    host = world.host()
    world.machine.heard[host.generation] = lambda: world.fleet.reported(host, None)
    assert world.ask() == []
    assert world.machine.unlisted == [host.generation]


def test_draining_asks_first_and_kills_then(world):
    host = world.host()
    world.fleet.drain(host, 10.0, "not needed")
    assert world.machine.unlisted == [host.generation]
    assert world.machine.signals == [(host.generation, signal.SIGTERM)]
    world.clock.pass_by(10.0)
    assert world.machine.signals[1:] == [(host.generation, signal.SIGKILL)]
    world.fleet.ended(100, -signal.SIGKILL)
    assert world.machine.settled == [("read", host.generation), host.generation]
    assert world.ask() == []


def test_draining_a_host_that_starts_tells_who_waits(world):
    answers = world.ask()
    world.fleet.drain(world.machine.launched[0], 10.0, "not needed")
    assert answers[0].code == "busy"


def test_a_new_generation_takes_over_when_it_is_ready(world):
    old = world.host()
    answers = []
    world.fleet.replace(old, answers.append)
    assert world.ask()[0].generation == old.generation
    new = world.machine.launched[-1]
    world.fleet.born(new.generation, 101)
    world.ready(new)
    assert answers[0].generation == new.generation
    assert world.ask()[0].generation == new.generation
    assert old.state is State.DRAINING
    assert world.machine.signals == [(old.generation, signal.SIGTERM)]


def test_a_new_generation_that_does_not_load_leaves_the_old_one(world):
    old = world.host()
    answers = []
    world.fleet.replace(old, answers.append)
    world.not_ready(world.machine.launched[-1])
    assert answers[0].code == "load_failed"
    assert world.ask()[0].generation == old.generation


def test_a_bomb_is_killed_and_counts_as_a_crash(world):
    host = world.host()
    world.fleet.kill_for(host, "it was killed: 99 threads, where 64 are allowed")
    assert world.machine.signals == [(host.generation, signal.SIGKILL)]
    world.fleet.ended(100, -signal.SIGKILL)
    (given,) = world.ask()
    assert (given.code, given.reason) == (
        "crashed",
        "it was killed: 99 threads, where 64 are allowed",
    )


def test_with_the_zygote_all_hosts_are_gone_and_none_is_to_blame(world):
    world.host()
    world.fleet.all_ended("the zygote has ended")
    assert world.fleet.hosts == {}
    assert world.ask() == []


def test_who_waited_when_the_zygote_ended_waits_for_the_next_host(world):
    waiting = world.ask()
    before = world.machine.launched[0]
    world.fleet.all_ended("the zygote has ended")
    after = world.machine.launched[-1]
    assert after is not before
    world.ready(after)
    assert waiting[0].generation == after.generation


def test_where_no_zygote_starts_nobody_waits(world):
    waiting = world.ask()
    world.machine.refuses = "the zygote does not start"
    world.fleet.all_ended("the zygote has ended")
    assert (waiting[0].code, waiting[0].reason) == ("busy", "the zygote does not start")


def test_what_can_not_be_launched_is_said(world):
    world.machine.refuses = "no zygote"
    (given,) = world.ask()
    assert (given.code, given.reason) == ("busy", "no zygote")
    assert given.retry_after > 0
    assert world.fleet.hosts == {}


def test_what_can_not_be_forked_is_said(world):
    answers = world.ask()
    world.fleet.not_born(world.machine.launched[0].generation, "out of memory")
    assert (answers[0].code, answers[0].reason) == ("busy", "out of memory")
    world.fleet.not_born(1, "a generation that nobody knows")
    world.fleet.born(1, 1)
    world.fleet.ended(1, 1)


def test_there_is_an_end_to_the_number_of_hosts(world, monkeypatch):
    monkeypatch.setattr(fleet_module, "MOST_HOSTS", 1)
    world.host()
    assert world.ask(spec("other"))[0].reason == "1 hosts run already"


def test_the_log_of_a_draft_goes_with_it(world):
    world.host(draft=True)
    assert world.logs.last("inst")
    world.fleet.ended(100, 1)
    assert world.logs.last("inst") == ()


def test_a_draft_that_is_used_for_real_is_one_no_more(world):
    host = world.host(draft=True)
    world.ask(draft=True)
    assert host.draft
    world.ask()
    assert not host.draft
