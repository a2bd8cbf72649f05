"""What the core asks of the supervisor."""

import signal

import pytest

from geminicrm.runtime.host.control import (
    Desired,
    Done,
    Ensure,
    Forgive,
    Leave,
    Look,
    Restart,
    Retire,
    Running,
)
from geminicrm.runtime.supervisor.hosts import State
from geminicrm.runtime.supervisor.questions import LINGER_SECONDS, Questions
from tests.unit.runtime.supervisor.conftest import spec


@pytest.fixture
def called():
    return []


@pytest.fixture
def ask(world, called):
    questions = Questions(
        world.fleet,
        lambda: 77,
        lambda: called.append("wake"),
        lambda: called.append("leave"),
        world.clock,
    )

    def ask(question):
        answers = []
        questions.answer(question, answers.append)
        return answers

    ask.sweep = questions.sweep
    return ask


WANTED = (("inst", "sha256:a", True),)


def test_ensure_starts_and_answers_when_it_is_ready(world, ask):
    answers = ask(Ensure(spec()))
    (host,) = world.machine.launched
    world.ready(host)
    assert isinstance(answers[0], Running)


def test_retire_drains_within_its_grace(world, ask):
    host = world.host()
    assert ask(Retire(host.generation, 1.0, "it hangs")) == [Done()]
    world.clock.pass_by(1.0)
    assert [number for _, number in world.machine.signals] == [signal.SIGTERM, signal.SIGKILL]
    assert "drained: it hangs" in world.logs.last("inst")[-1]
    assert ask(Retire(1, 1.0)) == [Done()]


def test_restart_answers_with_the_new_generation(world, ask):
    old = world.host()
    answers = ask(Restart("inst"))
    world.ready(world.machine.launched[-1])
    assert answers[0].generation != old.generation


def test_restart_of_what_does_not_run_is_done(ask):
    assert ask(Restart("inst")) == [Done()]


def test_a_draft_that_is_desired_is_no_draft_any_more(world, ask):
    world.host(draft=True)
    ask(Desired(5, WANTED))
    (host,) = world.fleet.hosts.values()
    assert not host.draft
    ask(Desired(6, ()))
    assert host.state is State.DRAINING


def test_what_is_not_desired_is_drained(world, ask, called):
    kept, other = world.host(), world.host(spec("other"), pid=101)
    assert ask(Desired(5, WANTED)) == [Done()]
    assert (kept.state, other.state) == (State.READY, State.DRAINING)
    assert called == ["wake"]


def test_an_older_wish_is_ignored(world, ask):
    host = world.host()
    ask(Desired(5, WANTED))
    ask(Desired(4, ()))
    assert host.state is State.READY
    ask(Desired(5, ()))
    assert host.state is State.DRAINING


def test_one_that_still_starts_is_not_stopped_under_those_who_wait(world, ask):
    answers = ask(Ensure(spec()))
    ask(Desired(5, ()))
    (host,) = world.machine.launched
    world.ready(host)
    assert isinstance(answers[0], Running)
    ask(Desired(6, ()))
    assert host.state is State.DRAINING


def test_one_that_a_late_worker_needs_stays_for_a_moment(world, ask):
    first = world.host()
    ask(Desired(5, WANTED))
    world.clock.pass_by(30.0)
    ask(Desired(6, ()))
    assert first.state is State.DRAINING
    world.clock.pass_by(0.1)
    second = world.host(pid=101)
    ask(Desired(6, ()))
    assert second.state is State.READY
    world.clock.pass_by(LINGER_SECONDS)
    ask(Desired(6, ()))
    assert second.state is State.DRAINING


def test_what_is_wanted_again_is_not_late(world, ask):
    ask(Desired(5, WANTED))
    ask(Desired(6, ()))
    ask(Desired(7, WANTED))
    host = world.host()
    ask(Desired(8, ()))
    assert host.state is State.DRAINING


def test_conversations_get_the_grace_that_is_given(world, ask):
    world.host()
    ask(Desired(5, (), 30.0))
    world.clock.pass_by(29.0)
    assert [number for _, number in world.machine.signals] == [signal.SIGTERM]
    world.clock.pass_by(1.0)
    assert [number for _, number in world.machine.signals] == [signal.SIGTERM, signal.SIGKILL]


def test_a_young_draft_may_stay(world, ask):
    draft = world.host(spec("draft"), draft=True)
    ask(Desired(5, WANTED))
    ask.sweep()
    assert draft.state is State.READY
    world.clock.pass_by(60.0)
    ask.sweep()
    assert draft.state is State.DRAINING


def test_one_that_came_after_the_wish_stays_until_the_next(world, ask):
    ask(Desired(5, ()))
    host = world.host()
    ask.sweep()
    assert host.state is State.READY


def test_forgive_lets_it_start_again(world, ask):
    world.host()
    world.fleet.ended(100, 1)
    assert world.ask()[0].code == "crashed"
    assert ask(Forgive("inst")) == [Done()]
    assert world.ask() == []


def test_leave_is_handed_on(ask, called):
    assert ask(Leave()) == [Done()]
    assert called == ["leave"]


def test_look_tells_of_every_host(world, ask):
    host = world.host(pid=2**22 + 1)
    world.ask(spec("other"))
    world.clock.pass_by(2.0)
    (states,) = ask(Look())
    assert states.zygote == 77
    first, second = states.hosts
    assert (first.generation, first.state, first.age) == (host.generation, "ready", 2.0)
    assert (second.installation_id, second.pid, second.state) == ("other", 0, "starting")
    assert first.level["landlock"] == "on"
    assert second.level == {}
