"""A route that reads one record, in a host against in process, one client."""

from bench import hosted
from bench.compare import Contest, measure
from bench.lab import Lab
from bench.report import Row, Target

NAME = "host_record"


def run(lab: Lab) -> list[Row]:
    """Measure how much longer a request with one call back takes."""
    contest = Contest(
        workload=NAME,
        what="route with one record read",
        contenders=hosted.contenders(lab, lambda service: f"lead/{service.ids[0]}"),
        targets={hosted.IN_PROCESS: Target(value=1.5, better="lower")},
        metric="ms p50",
        connections=(1,),
    )
    return measure(lab, contest)
