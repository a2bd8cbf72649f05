"""What a job costs that workers are woken for by Redis, against a bare RQ worker's."""

import shutil
import sys
import time
from collections.abc import Callable
from statistics import median

from redis import Redis
from rq import Queue
from sqlalchemy import func, select

from bench import extensions, ours
from bench.lab import Lab
from bench.report import Row
from bench.services import Service
from bench.stats import ratio, rotated
from bench.working import opened
from bench.workloads.event_latency import WORKER
from geminicrm.app import Core
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.jobs.models import OPEN, Job
from geminicrm.kernel.outbox import OutboxEvent
from tests.support.redis_server import MISSING, started_redis

NAME = "rq_jobs"
_MANY, _FEW = 300, 50
_ENOUGH_SECONDS = 1.0
_PATIENCE = 120.0
_LOOK_SECONDS = 0.01
_MS = 1000


def run(lab: Lab) -> list[Row]:
    """Measure the milliseconds of a job from when all are asked for until the last is done."""
    binary = shutil.which("redis-server")
    if binary is None:
        lab.missing.append(MISSING)
        return []
    with started_redis(binary) as url:
        return [_measured(lab, url)]


def _measured(lab: Lab, url: str) -> Row:
    connection = Redis.from_url(url)
    count = _MANY if lab.options.seconds >= _ENOUGH_SECONDS else _FEW
    service = ours.start(lab, NAME, rows=0, REDIS_URL=url)
    extensions.add(service, lab.home("x"), "bench-quiet", kind=extensions.LISTENING)
    service.tree.stop()
    lab.start(WORKER, service.environ, lab.home("worker"))
    bare = [sys.executable, "-m", "rq.cli", "worker", "bench", "--url", url, "--quiet"]
    lab.start(bare, {}, lab.home("bare"))
    with opened(dict(service.environ)) as (core, actor):
        ways: dict[str, Callable[[], float]] = {
            "ours": lambda: _ours(core, actor, count),
            "bare RQ": lambda: _bare(connection, count),
        }
        return _row(lab, ways, service)


def _row(lab: Lab, ways: dict[str, Callable[[], float]], service: Service) -> Row:
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(-1, lab.options.rounds):
        for name in rotated(list(ways), turn):
            seconds = ways[name]()
            if turn >= 0:  # before the first round both start and load what they need
                taken[name].append(seconds)
                lab.say(f"{NAME}: {service.name}, {name}: {seconds * _MS:.2f} ms a job")
    return Row(
        workload=NAME,
        what="one job, woken by Redis",
        unit="ms",
        ours=median(taken["ours"]) * _MS,
        baseline="bare RQ",
        base=median(taken["bare RQ"]) * _MS,
        ratio=ratio(taken["ours"], taken["bare RQ"]),
    )


def _ours(core: Core, actor: SystemActor, count: int) -> float:
    began = time.perf_counter()
    for _ in range(0, count, 100):
        batch = [{"last_name": "Bench"}] * min(count, 100)
        core.crm.leads.create_many(actor, batch)
    _until(lambda: _left(core) == 0)
    return (time.perf_counter() - began) / count


def _bare(connection: "Redis", count: int) -> float:
    queue = Queue("bench", connection=connection)
    began = time.perf_counter()
    jobs = [queue.enqueue(len, "x", result_ttl=0) for _ in range(count)]
    last = {job.id for job in jobs}
    _until(lambda: not queue.count and not last & set(queue.started_job_registry.get_job_ids()))
    return (time.perf_counter() - began) / count


def _left(core: Core) -> int:
    with core.works.across_workspaces("bench: what is left") as work:
        waiting = select(func.count()).select_from(Job).where(Job.state.in_(OPEN))
        unplaced = select(func.count()).select_from(OutboxEvent)
        unplaced = unplaced.where(OutboxEvent.position.is_(None))
        return int(work.session.scalar(waiting) or 0) + int(work.session.scalar(unplaced) or 0)


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise NotDone(f"jobs are left after {_PATIENCE:g} s")
        time.sleep(_LOOK_SECONDS)  # another process does them: it is asked again


class NotDone(RuntimeError):
    """A worker did not do what the measurement waits for."""
