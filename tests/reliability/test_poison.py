"""A job that kills every worker that does it: it is given up, and costs the others nothing."""

import signal
import sys

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select, update

from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.kernel.jobs.jobs import NewJob, enqueue
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, Job
from tests.support.core import make_tenant
from tests.support.homes import Home
from tests.support.own_kind import row_of
from tests.support.poisoned import KIND, POISON
from tests.support.waiting import eventually

ATTEMPTS = 2
BEFORE, BEHIND = 5, 25
_SECONDS = 120.0


@pytest.fixture
def home(tmp_path, database_url):
    made = Home(
        tmp_path / "home",
        GEMINICRM_DATABASE_URL=database_url,
        GEMINICRM_ENCRYPTION_KEYS=Fernet.generate_key().decode(),
    )
    made.run("db", "upgrade")
    return made


@pytest.fixture
def core(home):
    made = build_core(Settings.from_env(home.environ))
    yield made
    made.close()


def asked_for(core):
    """Ask for many jobs of one queue, the deadly one among them."""
    tenant = make_tenant(core, "north")
    payloads = [None] * BEFORE + [dict(POISON)] + [None] * BEHIND
    with core.works.write(tenant.system()) as work:
        return [
            enqueue(work, NewJob(kind=KIND, payload=payload, max_attempts=ATTEMPTS))
            for payload in payloads
        ]


def pass_by(core):
    """Let the pause be over that follows when workers have died over a job."""
    with core.works.across_workspaces("time for a test", write=True) as work:
        work.session.execute(
            update(JOBS).where(Job.state == "queued", Job.due_at > AT_ONCE).values(due_at=AT_ONCE)
        )


@pytest.mark.journey
def test_what_kills_its_worker_is_given_up_and_costs_the_others_no_attempt(core, home, start_tree):
    ids = asked_for(core)
    poison = ids[BEFORE]

    def ended(worker):
        pass_by(core)
        return worker.process.poll() is not None or row_of(core, poison).state == "dead"

    def work():
        worker = start_tree((sys.executable, "-m", "tests.support.poisoned"), **home.environ)
        eventually(lambda: ended(worker), _SECONDS)
        return worker

    # Once more than it has attempts: the first time nobody can know whether it had begun.
    for _ in range(ATTEMPTS + 1):
        killed = work()
        assert killed.process.poll() == -signal.SIGKILL, killed.output()
    worker = work()
    assert worker.process.poll() is None, "its code was not run again"
    eventually(lambda: states(core).get("queued", 0) == 0, _SECONDS)
    assert worker.stop() == 0
    assert states(core) == {"done": BEFORE + BEHIND, "dead": 1}
    given_up = row_of(core, poison)
    assert given_up.last_error == "the worker was killed while it ran"
    assert given_up.attempts == ATTEMPTS
    assert [one["error"] for one in given_up.tries] == ["the worker was killed while it ran"] * 2
    others = [row_of(core, one) for one in ids if one != poison]
    assert {one.max_attempts for one in others} == {ATTEMPTS}
    assert [one.attempts for one in others[1:]] == [1] * (len(others) - 1)
    assert others[0].attempts <= 2, "it had begun when the first worker was killed"


def states(core):
    """Count the jobs by state."""
    with core.works.across_workspaces("look for a test") as work:
        found = list(work.session.scalars(select(Job.state)))
    return {state: found.count(state) for state in set(found)}
