"""What the sources say, and when it is over."""

from geminicrm.app import Core
from geminicrm.notifications.notices import (
    Letters,
    dead_letter,
    dead_letters_gone,
    schedule_failing,
    schedule_works,
)
from tests.support.core import START, Tenant
from tests.support.notices import notifications, write_across


def test_dead_letters_of_a_queue_are_one_notification(core: Core, tenant: Tenant):
    queue = f"{tenant.id}/inst_1"
    letters = Letters(
        workspace_id=tenant.id, queue=queue, label="Scores", target="inst_1", kind="extension.job"
    )
    write_across(core, lambda work: dead_letter(work, letters, "Late.", 1))
    (row,) = notifications(core, tenant)
    assert (row.title, row.severity) == ("1 job was given up: Scores", "error")
    write_across(core, lambda work: dead_letter(work, letters, "Off.", 1200))
    (row,) = notifications(core, tenant)
    assert (row.kind, row.link) == ("dead_letters", "/jobs?state=dead&target=inst_1")
    assert row.title == "1,200 jobs were given up: Scores"
    assert row.body == "They failed each time they were tried. The last one: Off."
    write_across(core, lambda work: dead_letters_gone(work, tenant.id, "another"))
    assert notifications(core, tenant)[0].resolved_at is None
    write_across(core, lambda work: dead_letters_gone(work, tenant.id, queue))
    assert notifications(core, tenant)[0].resolved_at == START


def test_a_schedule_that_fails_is_told_until_it_works(core: Core, tenant: Tenant):
    write_across(core, lambda work: schedule_failing(work, tenant.id, "sch_1", "Sync", 1, "No."))
    (row,) = notifications(core, tenant)
    assert (row.kind, row.severity, row.link) == ("schedule_failing", "warning", "/jobs/schedules")
    assert row.title == "A schedule fails: Sync"
    assert row.body == "It failed once, and goes on. The last time: No."
    write_across(core, lambda work: schedule_failing(work, tenant.id, "sch_1", "Sync", 3, "No."))
    assert "It failed 3 times in a row" in notifications(core, tenant)[0].body
    write_across(core, lambda work: schedule_works(work, tenant.id, "sch_1"))
    assert notifications(core, tenant)[0].resolved_at == START
