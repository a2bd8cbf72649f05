"""Dead letters whose time is over: told before they go and when they have; and whose they are."""

from datetime import timedelta

import pytest

from geminicrm.app import create_app
from geminicrm.jobs.kind_names import KIND_NAMES
from geminicrm.kernel.jobs.care import Care
from geminicrm.kernel.jobs.jobs import again
from geminicrm.kernel.jobs.models import Job
from geminicrm.kernel.jobs.retention import DEAD_DAYS, WARN_DAYS
from geminicrm.notifications.jobs import JobNotices
from tests.support.core import make_tenant
from tests.support.jobs import put, put_dead
from tests.support.life_app import Browser
from tests.support.notices import notifications
from tests.support.own_kind import KIND, OwnKind
from tests.support.working import Hands

MAIL = {"kind": KIND, "target": ""}


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


@pytest.fixture
def notices():
    return JobNotices(lambda _work, _targets: {"ins_mill": "The Mill"}, {KIND: "Outgoing mail"})


@pytest.fixture
def look(core, notices):
    """Look after the rows as a worker does that was started just now."""

    def do():
        Care(core.works, "somebody", (notices,)).sweep()

    return do


@pytest.fixture
def fail(core, notices):
    """Have what waits fail for good."""

    def jammed(_job, _run):
        raise RuntimeError("jammed")

    def do():
        hands = Hands(core, kinds=[OwnKind(jammed)], watchers=[notices])
        hands.work()
        hands.close()

    return do


def told(core, tenant):
    return [
        (one.kind, one.title, one.link, one.resolved_at is None)
        for one in notifications(core, tenant)
    ]


LINK = "/jobs?state=dead&target=ins_mill"
GIVEN_UP = ("dead_letters", "1 job was given up: The Mill", LINK)
LEAVING = ("dead_letters_leaving", "1 failed job is removed soon: The Mill", LINK)


def test_what_leaves_is_told_once_before_and_when_it_has_gone(core, tenant, clock, look, fail):
    put(core, tenant.id, kind=KIND, max_attempts=1)
    fail()
    clock.advance(timedelta(days=DEAD_DAYS - WARN_DAYS).total_seconds() - 1)
    look()
    assert told(core, tenant) == [(*GIVEN_UP, True)]
    clock.advance(2)
    for _ in range(2):
        look()
    assert told(core, tenant) == [(*GIVEN_UP, True), (*LEAVING, True)]
    assert [one.count for one in notifications(core, tenant)] == [1, 1]
    gone = clock.now() + timedelta(days=WARN_DAYS)
    assert f"From {gone:%d %B %Y}" in notifications(core, tenant)[1].body
    clock.advance(timedelta(days=WARN_DAYS).total_seconds())
    look()
    assert told(core, tenant) == [
        ("dead_letters_removed", "Failed jobs were removed: The Mill", LINK, False),
        (*LEAVING, False),
    ]


def test_what_is_left_is_told_with_what_has_gone(core, tenant, clock, look, fail):
    put(core, tenant.id, kind=KIND, max_attempts=1)
    fail()
    clock.advance(timedelta(days=DEAD_DAYS).total_seconds() + 1)
    put_dead(core, tenant.id, kind=KIND)
    look()
    (first, *_) = notifications(core, tenant)
    assert (first.title, first.resolved_at, first.count) == (
        "1 failed job is left: The Mill",
        None,
        2,
    )
    assert first.body == "Those that nobody had retried for 90 days were removed."


def test_a_retry_ends_the_warning(core, tenant, clock, look, fail):
    (job,) = put(core, tenant.id, kind=KIND, max_attempts=1)
    fail()
    clock.advance(timedelta(days=DEAD_DAYS).total_seconds() - 60)
    look()
    with core.works.write(tenant.system()) as work:
        again(work, work.session.get(Job, job))
    look()
    assert told(core, tenant) == [(*GIVEN_UP, True), (*LEAVING, False)]


def test_work_of_the_crm_itself_is_told_by_its_kind(core, tenant, fail):
    put(core, tenant.id, max_attempts=1, **MAIL)
    fail()
    link = "/jobs?state=dead&kind=test%3Aown"
    assert told(core, tenant) == [("dead_letters", "1 job was given up: Outgoing mail", link, True)]


def test_the_page_that_a_notice_leads_to_shows_that_kind_alone(core, tenant, fail):
    (mail,) = put(core, tenant.id, max_attempts=1, **MAIL)
    other, *_ = put_dead(core, tenant.id)
    fail()
    (notice,) = notifications(core, tenant)
    page = Browser(create_app(core=core).test_client(), tenant).get(notice.link)
    assert f'data-job="{mail}"' in page
    assert f'data-job="{other}"' not in page
    assert f"Only of the kind {KIND}" in page
    assert "The CRM itself" in page


def test_what_has_gone_is_not_called_mended(core, tenant, clock, look, fail):
    put(core, tenant.id, kind=KIND, max_attempts=1)
    fail()
    clock.advance(timedelta(days=DEAD_DAYS).total_seconds() + 1)
    look()
    page = Browser(create_app(core=core).test_client(), tenant).get("/notifications")
    assert "Failed jobs were removed" in page
    assert "Mended" not in page


def test_every_kind_that_a_worker_does_has_a_name(core):
    assert {kind.name for kind in core.kinds()} == set(KIND_NAMES)
