"""Contenders measured in turns: rounds in rotated order, ratios by round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from bench.lab import Lab
from bench.load import Source, Tally, drive
from bench.report import Row, Target
from bench.services import Service
from bench.stats import ratio, rotated

CONNECTIONS = (1, 8)
Metric = Literal["requests/s", "ms p50"]
_WARM_SECONDS = 0.5


@dataclass(frozen=True)
class Contender:
    """A server and what is asked of it; `source` makes the questions of one connection."""

    service: Service
    source: Callable[[int], Source]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """Ours (the first contender) against each of the others; targets are by baseline name."""

    workload: str
    what: str
    contenders: Sequence[Contender]
    targets: dict[str, Target] = field(default_factory=dict)
    metric: Metric = "requests/s"
    connections: Sequence[int] = CONNECTIONS


def measure(lab: Lab, contest: Contest) -> list[Row]:
    """Measure every contender at every number of connections; give a row for each baseline."""
    for one in contest.contenders:
        _once(one, max(contest.connections), _WARM_SECONDS)
    rows: list[Row] = []
    for connections in contest.connections:
        tallies = _rounds(lab, contest, connections)
        ours, *others = (tallies[one.service.name] for one in contest.contenders)
        base = contest.contenders[1:]
        rows += [
            _row(contest, connections, ours, other, one.service.name)
            for other, one in zip(others, base, strict=True)
        ]
    return rows


def _rounds(lab: Lab, contest: Contest, connections: int) -> dict[str, list[Tally]]:
    tallies: dict[str, list[Tally]] = {one.service.name: [] for one in contest.contenders}
    for turn in range(lab.options.rounds):
        for one in rotated(contest.contenders, turn):
            name = one.service.name
            tally = _once(one, connections, lab.options.seconds)
            tallies[name].append(tally)
            lab.say(
                f"{contest.workload}: {contest.what} x{connections}, round {turn + 1}, {name}: "
                f"{tally.rate:,.0f}/s, p50 {tally.ms(50):.2f} ms, p99 {tally.ms(99):.2f} ms"
            )
    return tallies


def _once(one: Contender, connections: int, seconds: float) -> Tally:
    sources = [one.source(number) for number in range(connections)]
    before = one.service.tree.cpu()
    tally = drive(one.service.port, [sources], seconds)[0]
    tally.cpu = one.service.tree.cpu() - before
    return tally


def _row(
    contest: Contest, connections: int, ours: list[Tally], other: list[Tally], name: str
) -> Row:
    mine, theirs = _figures(contest.metric, ours), _figures(contest.metric, other)
    wrong = [tally for tally in (*ours, *other) if tally.wrong]
    return Row(
        workload=contest.workload,
        what=f"{contest.what}, {connections} conn.",
        unit=contest.metric.removeprefix("requests").strip(),
        ours=median(mine),
        baseline=name,
        base=median(theirs),
        ratio=ratio(mine, theirs),
        target=contest.targets.get(name),
        wrong=sum(tally.wrong for tally in wrong),
        note=wrong[0].first_wrong if wrong else _beside(ours, other),
    )


def _beside(ours: Sequence[Tally], other: Sequence[Tally]) -> str:
    """Say what else is worth knowing: on a busy machine processor time drifts least."""
    cpu = [median(tally.cpu_ms for tally in tallies) for tallies in (ours, other)]
    slow = [median(tally.ms(99) for tally in tallies) for tallies in (ours, other)]
    return f"cpu {cpu[0]:.2f}/{cpu[1]:.2f} ms, p99 {slow[0]:.0f}/{slow[1]:.0f} ms"


def _figures(metric: Metric, tallies: Sequence[Tally]) -> list[float]:
    if metric == "requests/s":
        return [tally.rate for tally in tallies]
    return [tally.ms(50) for tally in tallies]
