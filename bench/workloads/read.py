"""Reading one record of 10,000."""

from bench.lab import Lab
from bench.report import Row
from bench.services import Service
from bench.workloads.records import against_baselines

NAME = "read"
_TARGETS = (0.50, 1.5)  # of the control, of DRF


def run(lab: Lab) -> list[Row]:
    """Measure."""
    return against_baselines(lab, NAME, "read one lead", Service.reads, _TARGETS)
