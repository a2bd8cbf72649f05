"""A million jobs that wait, and what they cost who takes the next ones."""

import time
from statistics import median

from sqlalchemy import delete, func, insert, select, text

from bench.lab import Lab
from bench.report import Row, Target
from bench.stats import ratio, rotated
from bench.working import engines, opened
from geminicrm.app import Core
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs import claims
from geminicrm.kernel.jobs.jobs import MAX_ATTEMPTS, queue_of
from geminicrm.kernel.jobs.models import AT_ONCE, JOBS, QUEUED, Job

NAME = "backlog"
_FEW = 2_000
_CHUNK = 20_000
_CLAIMS = 20
_MS = 1000
_KIND = "bench"
_TOGETHER = 2
"""So many jobs each claim takes: as many as a queue has of the few, where there are 1,000."""
_SHAPES = {"one queue": 1, "1,000 queues": 1_000}


def run(lab: Lab) -> list[Row]:
    """Measure how long a claim takes, with many jobs and with few: of as many jobs each time."""
    rows: list[Row] = []
    with engines(lab, NAME) as homes:
        for engine, environ in homes.items():
            with opened(environ) as (core, _actor):
                rows += [_row(lab, core, engine, shape) for shape in _SHAPES]
    return rows


def _row(lab: Lab, core: Core, engine: str, shape: str) -> Row:
    many = lab.options.many
    taken: dict[int, list[float]] = {many: [], _FEW: []}
    for turn in range(lab.options.rounds):
        for size in rotated([many, _FEW], turn):
            _fill(core, size, _SHAPES[shape])
            taken[size].append(_claim(core))
            lab.say(f"{NAME}: {engine}, {shape}, {size:,} rows: {taken[size][-1] * _MS:.2f} ms")
    return Row(
        workload=NAME,
        what=f"claim with {many:,} rows, {shape}, {engine}",
        unit="ms p50",
        ours=median(taken[many]) * _MS,
        baseline=f"{_FEW:,} rows",
        base=median(taken[_FEW]) * _MS,
        ratio=ratio(taken[many], taken[_FEW]),
        target=Target(value=1.5, better="lower"),
    )


def _claim(core: Core) -> float:
    """Take groups one after another; give the median seconds of one."""
    seconds = []
    for number in range(_CLAIMS + 3):
        began = time.perf_counter()
        with core.works.across_workspaces("bench: look") as work:
            queues = claims.in_turns(claims.due_queues(work), "")
        with core.works.across_workspaces("bench: claim", write=True) as work:
            queue = queues[number % len(queues)]
            found = claims.find(work, claims.Claim(queue, [_KIND], most=_TOGETHER))
            (jobs,) = claims.lease(work, "bench", [found])
        seconds.append(time.perf_counter() - began)
        assert len(jobs) == _TOGETHER  # noqa: S101 - what a bench checks may stop it
        with core.works.across_workspaces("bench: done", write=True) as work:
            work.session.execute(delete(JOBS).where(JOBS.c.id.in_([job.id for job in jobs])))
    return median(seconds[3:])  # the first ones read what is not in memory yet


def _fill(core: Core, wanted: int, queues: int) -> None:
    """Have so many jobs wait."""
    with core.works.across_workspaces("bench: fill", write=True) as work:
        query = select(func.count()).select_from(Job)
        here = int(work.session.scalar(query) or 0)
        if here > wanted:
            work.session.execute(delete(JOBS))
            here = 0
    for begin in range(here, wanted, _CHUNK):
        with core.works.across_workspaces("bench: fill", write=True) as work:
            numbers = range(begin, min(begin + _CHUNK, wanted))
            work.session.execute(insert(JOBS), [_job(number, queues) for number in numbers])
    _settle(core)


def _settle(core: Core) -> None:
    """Bring to its end what filling has left to be done later, so that no claim pays for it."""
    with core.database.engine.connect() as connection:
        if core.database.dialect == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
            autocommit.execute(text("VACUUM ANALYZE jobs"))


def _job(number: int, queues: int) -> dict[str, object]:
    workspace = f"ws_{number % queues % 50:04}"
    target = f"inst_{number % queues:06}"
    return {
        "id": new_id("job"),
        "workspace_id": workspace,
        "kind": _KIND,
        "target": target,
        "queue": queue_of(workspace, target),
        "order_key": f"rec_{number:08}",
        "position": number,
        "state": QUEUED,
        "due_at": AT_ONCE,
        "attempts": 0,
        "max_attempts": MAX_ATTEMPTS,
        "seconds": 60,
        "cancel_asked": False,
        "created_at": AT_ONCE,
    }
