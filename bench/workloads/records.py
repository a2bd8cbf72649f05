"""What the three workloads on records share: ours against the control and against DRF."""

from collections.abc import Callable

from bench import control, drf, ours
from bench.baselines import NotInstallable
from bench.compare import Contender, Contest, measure
from bench.lab import Lab
from bench.load import Source
from bench.report import Row, Target
from bench.services import Service

Question = Callable[[Service, int], Source]


def against_baselines(
    lab: Lab, name: str, what: str, question: Question, targets: tuple[float, float]
) -> list[Row]:
    """Measure a question against both baselines; `targets` are for control and DRF."""
    services = [ours.start(lab), control.start(lab)]
    try:
        services.append(drf.start(lab))
    except NotInstallable as error:
        lab.missing.append(f"against DRF: {error}")
    contenders = [Contender(one, _bound(one, question)) for one in services]
    wanted = {control.NAME: Target(value=targets[0]), drf.NAME: Target(value=targets[1])}
    return measure(lab, Contest(workload=name, what=what, contenders=contenders, targets=wanted))


def _bound(service: Service, question: Question) -> Callable[[int], Source]:
    return lambda connection: question(service, connection)
