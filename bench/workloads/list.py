"""Paging through a list of 10,000 records."""

from bench.lab import Lab
from bench.report import Row
from bench.services import Service
from bench.workloads.records import against_baselines

NAME = "list"
_TARGETS = (0.60, 1.5)  # of the control, of DRF


def run(lab: Lab) -> list[Row]:
    """Measure."""
    return against_baselines(lab, NAME, "list 50 with cursor", Service.lists, _TARGETS)
