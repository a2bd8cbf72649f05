"""Requests per second of a route in a host against in process, eight clients."""

from bench import hosted
from bench.compare import Contest, measure
from bench.lab import Lab
from bench.report import Row, Target

NAME = "host_throughput"


def run(lab: Lab) -> list[Row]:
    """Measure how much less goes through."""
    contest = Contest(
        workload=NAME,
        what="route in a host",
        contenders=hosted.contenders(lab, lambda _service: "hello"),
        targets={hosted.IN_PROCESS: Target(value=0.85)},
        connections=(8,),
    )
    return measure(lab, contest)
