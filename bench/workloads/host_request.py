"""A route of an extension in a host against the same route in process, one client."""

from bench import hosted
from bench.compare import Contest, measure
from bench.lab import Lab
from bench.report import Row, Target

NAME = "host_request"


def run(lab: Lab) -> list[Row]:
    """Measure how much longer a request takes."""
    contest = Contest(
        workload=NAME,
        what="route in a host",
        contenders=hosted.contenders(lab, lambda _service: "hello"),
        targets={hosted.IN_PROCESS: Target(value=1.25, better="lower")},
        metric="ms p50",
        connections=(1,),
    )
    return measure(lab, contest)
