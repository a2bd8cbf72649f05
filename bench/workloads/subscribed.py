"""Creating a lead that thirty extensions are told of afterwards, against one that none is."""

from collections.abc import Sequence
from functools import partial
from statistics import median

from bench import extensions, ours
from bench.compare import CONNECTIONS, Contender, Contest, measure
from bench.exchanges import lead
from bench.lab import Lab
from bench.pacing import paced
from bench.report import Row, Target
from bench.services import Service
from bench.stats import ratio, rotated
from bench.workloads.event_latency import WORKER

NAME = "subscribed"
_COUNT = 30
_RATE = 5.0
_AIM = Target(value=1.1, better="lower")
_MS = 1000


def run(lab: Lab) -> list[Row]:
    """Measure what the request pays, without a worker, and while one hands the events out."""
    subscribed = ours.start(lab, f"{_COUNT} subscribed", rows=0)
    folder = lab.home("extensions")
    for number in range(_COUNT):
        lab.say(f"{NAME}: installing extension {number + 1} of {_COUNT}")
        name = f"bench-{number}"
        extensions.add(subscribed, folder, name, kind=extensions.LISTENING)
    none = ours.start(lab, "none", rows=0)
    contest = Contest(
        workload=NAME,
        what=f"create, {_COUNT} subscribed, no worker",
        contenders=[Contender(one, one.creates) for one in (subscribed, none)],
        targets={none.name: _AIM},
        metric="ms p50",
        connections=CONNECTIONS[:1],
    )
    return [*measure(lab, contest), _beside_workers(lab, (subscribed, none))]


def _beside_workers(lab: Lab, services: Sequence[Service]) -> Row:
    """Measure at a pace that a worker keeps up with: 150 deliveries a second."""
    count = max(int(_RATE * lab.options.seconds), 5)
    for one in services:
        lab.start(WORKER, one.environ, lab.home("worker"))
    taken: dict[str, list[float]] = {one.name: [] for one in services}
    for turn in range(-1, lab.options.rounds):
        for one in rotated(services, turn):
            seconds = median(paced(_RATE, count, partial(_create, one)))
            if turn >= 0:  # the round before the first one works off what has gathered
                taken[one.name].append(seconds)
                lab.say(f"{NAME}: beside a worker, {one.name}: {seconds * _MS:.2f} ms")
    ours_, base = (taken[one.name] for one in services)
    return Row(
        workload=NAME,
        what=f"create, {_COUNT} subscribed, {_RATE:.0f}/s beside a worker",
        unit="ms p50",
        ours=median(ours_) * _MS,
        baseline=services[1].name,
        base=median(base) * _MS,
        ratio=ratio(ours_, base),
        target=_AIM,
    )


def _create(service: Service, number: int) -> None:
    service.call("POST", "/api/leads", lead(20_000_000 + number))
