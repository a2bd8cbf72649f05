"""Thirty extensions that look at every change of a lead, against none."""

from collections.abc import Callable

from bench import extensions, ours
from bench.compare import Contender, Contest, measure
from bench.lab import Lab
from bench.load import Source
from bench.report import Row, Target
from bench.services import Service

NAME = "hooks"
_COUNT = 30
_QUESTIONS: tuple[tuple[str, Callable[[Service, int], Source], float], ...] = (
    ("read", Service.reads, 0.90),
    ("create", Service.creates, 0.85),
)


def run(lab: Lab) -> list[Row]:
    """Measure reads and creations with and without them."""
    hooked = ours.start(lab, f"{_COUNT} extensions")
    folder = lab.home("extensions")
    for number in range(_COUNT):
        lab.say(f"{NAME}: installing extension {number + 1} of {_COUNT}")
        extensions.add(hooked, folder, f"bench-{number}", kind=extensions.HOOKED)
    none = ours.start(lab, "no extension")
    rows: list[Row] = []
    for what, question, target in _QUESTIONS:
        contest = Contest(
            workload=NAME,
            what=f"{what}, {_COUNT} hooked extensions",
            contenders=[_asking(hooked, question), _asking(none, question)],
            targets={none.name: Target(value=target)},
        )
        rows += measure(lab, contest)
    return rows


def _asking(service: Service, question: Callable[[Service, int], Source]) -> Contender:
    return Contender(service, lambda connection: question(service, connection))
