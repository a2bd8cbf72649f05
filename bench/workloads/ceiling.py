"""What the load generator can do: a bare answer of the same server, against plain Flask."""

from bench import plain
from bench.compare import Contender, Contest, measure
from bench.exchanges import fetch
from bench.lab import Lab
from bench.report import Row
from bench.services import Service

NAME = "ceiling"


def run(lab: Lab) -> list[Row]:
    """Measure; whatever comes near the bare answer is limited by the generator."""
    contenders = [_asking(plain.start(lab, factory)) for factory in ("bare", "flask")]
    return measure(lab, Contest(workload=NAME, what="bare WSGI answer", contenders=contenders))


def _asking(service: Service) -> Contender:
    return Contender(service, lambda _connection: fetch("", plain.PATH, plain.BODY))
