"""What killed workers leave behind: taken over at once, and what kills them ends with a reason."""

import os
import signal
import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.jobs.claims import Claim
from geminicrm.kernel.jobs.jobs import MAX_ATTEMPTS, cancel, queue_of
from geminicrm.kernel.jobs.models import Job
from geminicrm.kernel.owners import own_name
from tests.support.own_kind import KIND, ask, row_of, take

NAME = "from geminicrm.kernel.owners import own_name; print(own_name(), flush=True); input()"


@pytest.fixture
def worker_elsewhere():
    """Give the name of another process of this machine, and what kills it."""
    child = subprocess.Popen(
        [sys.executable, "-c", NAME], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )

    def kill():
        os.kill(child.pid, signal.SIGKILL)
        child.wait(30)

    yield child.stdout.readline().decode().strip(), kill
    child.kill()
    child.communicate(timeout=30)


@pytest.fixture
def die_with(core, tenant, clock):
    """Give a function that takes what is due for a worker that is killed over it."""
    dead = own_name().rpartition("|")[0] + "|1"  # this process, started at another time

    def do(target=""):
        with core.works.across_workspaces("take", write=True) as work:
            taken = take(work, dead, Claim(queue_of(tenant.id, target), [KIND]))
        Care(core.works, own_name()).step()
        return [job.id for job in taken]

    return do


def test_a_living_worker_keeps_what_it_has_and_a_killed_one_leaves_it_at_once(
    core, tenant, kind, hands, worker_elsewhere
):
    name, kill = worker_elsewhere
    wanted = ask(core, tenant)
    with core.works.across_workspaces("take", write=True) as work:
        take(work, name, Claim(queue_of(tenant.id, ""), [KIND]))
    Care(core.works, own_name()).step()
    hands().work()
    assert kind.begun == []
    kill()
    with capture_logs() as logs:
        for _ in range(2):
            Care(core.works, own_name()).step()
    assert [one["event"] for one in logs if one["log_level"] == "warning"] == [
        "took over what a killed worker held"
    ], "once, whether or not somebody takes it"
    hands().work()
    assert [(job.id, job.attempt) for job in kind.begun] == [(wanted, 2)]


def test_what_kills_each_worker_ends_with_the_reason_and_takes_nobody_along(
    core, tenant, kind, hands, clock, die_with
):
    poison, *others = (ask(core, tenant) for _ in range(3))
    assert die_with() == [poison, *others]
    assert die_with() == [poison], "what was tried before is taken alone"
    clock.advance(1)
    hands().work()
    assert [job.id for job in kind.begun] == others
    assert row_of(core, poison).state == "queued"
    for _ in range(2, MAX_ATTEMPTS):
        assert die_with() == [], "it comes later each time"
        clock.advance(2_000)
        assert die_with() == [poison]
    clock.advance(2_000)
    hands().work()
    dead = row_of(core, poison)
    assert (dead.state, dead.last_error) == ("dead", "the worker was killed while it ran")
    assert [job.id for job in kind.begun] == others, "its code was not run again"


def test_one_that_was_cancelled_is_not_taken_over(core, tenant, kind, hands, die_with):
    wanted = ask(core, tenant)
    with core.works.across_workspaces("take", write=True) as work:
        dead = own_name().rpartition("|")[0] + "|1"
        take(work, dead, Claim(queue_of(tenant.id, ""), [KIND]))
    with core.works.write(tenant.system()) as work:
        cancel(work, work.get(Job, wanted))
    assert die_with() == []
    assert row_of(core, wanted).state == "cancelled"
