"""Creating a lead that a thousand webhook endpoints are told of, against one that none is."""

from collections.abc import Sequence
from functools import partial
from statistics import median

from bench import ours
from bench.compare import CONNECTIONS, Contender, Contest, measure
from bench.exchanges import lead
from bench.hooking import LOOPBACK, Receiver, add_endpoints
from bench.lab import Lab
from bench.pacing import paced
from bench.report import Row, Target
from bench.services import Service
from bench.stats import ratio, rotated
from bench.working import opened
from bench.workloads.event_latency import WORKER

NAME = "webhook_fanout"
_COUNT = 1_000
_RATE = 0.5
_LEAST = 5
_AIM = Target(value=1.2, better="lower")
_MS = 1000


def run(lab: Lab) -> list[Row]:
    """Measure what the request pays, without a worker, and while one sends to all of them."""
    receiver = Receiver(lab)
    hooked = ours.start(lab, f"{_COUNT:,} endpoints", rows=0, **LOOPBACK)
    with opened(dict(hooked.environ)) as (core, actor):
        urls = [receiver.url(f"/hook/{number}") for number in range(_COUNT)]
        add_endpoints(core, actor, urls, "lead.*")
    none = ours.start(lab, "none", rows=0, **LOOPBACK)
    contest = Contest(
        workload=NAME,
        what=f"create, {_COUNT:,} endpoints, no worker",
        contenders=[Contender(one, one.creates) for one in (hooked, none)],
        targets={none.name: _AIM},
        metric="ms p50",
        connections=CONNECTIONS[:1],
    )
    beside = _beside_workers(lab, (hooked, none))
    return [beside, *measure(lab, contest)]


def _beside_workers(lab: Lab, services: Sequence[Service]) -> Row:
    """Measure at a pace that a worker keeps up with: 500 deliveries a second."""
    count = max(int(_RATE * lab.options.seconds * 4), _LEAST)
    workers = [lab.start(WORKER, one.environ, lab.home("worker")) for one in services]
    taken: dict[str, list[float]] = {one.name: [] for one in services}
    for turn in range(-1, lab.options.rounds):
        for one in rotated(services, turn):
            seconds = median(paced(_RATE, count, partial(_create, one)))
            if turn >= 0:  # the first round is for connections and caches
                taken[one.name].append(seconds)
                lab.say(f"{NAME}: beside a worker, {one.name}: {seconds * _MS:.2f} ms")
    for worker in workers:
        worker.stop()
    mine, base = (taken[one.name] for one in services)
    return Row(
        workload=NAME,
        what=f"create, {_COUNT:,} endpoints, {_RATE:g}/s beside a worker",
        unit="ms p50",
        ours=median(mine) * _MS,
        baseline=services[1].name,
        base=median(base) * _MS,
        ratio=ratio(mine, base),
        target=_AIM,
    )


def _create(service: Service, number: int) -> None:
    service.call("POST", "/api/leads", lead(20_000_000 + number))
