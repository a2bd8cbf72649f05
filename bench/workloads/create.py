"""Creating records: ours with audit and outbox, the control with outbox, DRF with neither."""

from bench.lab import Lab
from bench.report import Row
from bench.services import Service
from bench.workloads.records import against_baselines

NAME = "create"
_TARGETS = (0.45, 1.2)  # of the control, of DRF


def run(lab: Lab) -> list[Row]:
    """Measure."""
    return against_baselines(lab, NAME, "create with audit and outbox", Service.creates, _TARGETS)
