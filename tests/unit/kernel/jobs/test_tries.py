"""The attempts that failed are kept in the row: when, how long, by whom and why; the last few."""

import os
import threading

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.jobs.tries import MOST_TRIES
from tests.support.own_kind import ask, row_of

PAUSE = 0.05


def test_each_failed_attempt_is_kept_and_only_the_last_few(core, tenant, kind, hands, clock):
    def act(job, _run):
        threading.Event().wait(PAUSE)
        raise ConnectionError(f"nobody home, time {job.attempt}\x00")

    kind.act = act
    wanted = ask(core, tenant, max_attempts=MOST_TRIES + 2)
    worker = hands()
    ended = []
    for _ in range(MOST_TRIES + 2):
        worker.work()
        ended.append(format_instant(clock.now()))
        clock.advance(2_000)
    row = row_of(core, wanted)
    assert (row.state, len(row.tries)) == ("dead", MOST_TRIES)
    assert [one["at"] for one in row.tries] == ended[2:]
    assert [one["error"] for one in row.tries] == [
        f"ConnectionError: nobody home, time {number}" for number in range(3, MOST_TRIES + 3)
    ]
    assert {one["worker"]["pid"] for one in row.tries} == {os.getpid()}
    assert all(one["seconds"] >= PAUSE for one in row.tries)


def test_what_did_not_fail_is_no_try(core, tenant, kind, hands):
    wanted = ask(core, tenant)
    hands().work()
    assert row_of(core, wanted).tries is None
