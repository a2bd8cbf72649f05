"""Dead letters and failing schedules reach the bell, and leave it when they are mended."""

import pytest
from sqlalchemy import select

from geminicrm.kernel.jobs.jobs import NewJob, again, enqueue
from geminicrm.kernel.jobs.models import Job
from geminicrm.kernel.jobs.schedules import Schedules, Wanted, keep_schedules
from geminicrm.notifications.jobs import JobNotices
from geminicrm.notifications.models import Notification
from tests.support.core import make_tenant
from tests.support.working import Hands


class Mill:
    """Does what it is told to, or fails."""

    name = "mill"

    def __init__(self):
        self.error = RuntimeError("jammed")

    def ready(self):
        return True

    def run(self, job, run):
        if self.error:
            raise self.error


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def mill():
    return Mill()


@pytest.fixture
def schedules(core):
    return Schedules(core.works)


@pytest.fixture
def hands(core, mill, schedules):
    notices = JobNotices(lambda _work, _targets: {"inst_1": "The Mill"}, {"mill": "Grinding"})
    made = Hands(core, kinds=[mill], watchers=[schedules, notices])
    yield made
    made.close()


def _told(core):
    with core.works.across_workspaces("look") as work:
        rows = work.session.scalars(select(Notification).order_by(Notification.id)).all()
    return [(row.kind, row.title, row.count, row.resolved_at is None) for row in rows]


def _grind(core, tenant):
    with core.works.write(tenant.system()) as work:
        return enqueue(work, NewJob(kind="mill", target="inst_1", max_attempts=1))


def test_what_was_given_up_is_told_until_it_was_sent_again_and_arrived(
    core, tenant, hands, mill, clock
):
    first = _grind(core, tenant)
    hands.work()
    _grind(core, tenant)
    hands.work()
    assert _told(core) == [("dead_letters", "2 jobs were given up: The Mill", 2, True)]

    mill.error = None
    with core.works.write(tenant.system()) as work:
        again(work, work.session.get(Job, first))
    hands.work()
    assert _told(core)[0][3], "one is left"

    with core.works.write(tenant.system()) as work:
        for row in work.session.scalars(select(Job).where(Job.state == "dead")):
            again(work, row)
    hands.work()
    assert _told(core) == [("dead_letters", "2 jobs were given up: The Mill", 2, False)]


def test_a_schedule_that_fails_is_told_by_its_name_until_it_works(
    core, tenant, hands, mill, schedules, clock
):
    every = Wanted(name="grind", cron="0 * * * *", zone="UTC", seconds=5)
    with core.works.write(tenant.system()) as work:
        keep_schedules(work, tenant.id, "mill", "inst_1", [every])
    for _ in range(2):
        clock.advance(3_600)
        schedules.tick()
        for pause in (2, 7, 40):
            hands.work()
            clock.advance(pause)
        hands.work()
    assert _told(core) == [("schedule_failing", "A schedule fails: grind", 2, True)]

    mill.error = None
    clock.advance(3_600)
    schedules.tick()
    hands.work()
    assert _told(core) == [("schedule_failing", "A schedule fails: grind", 2, False)]
