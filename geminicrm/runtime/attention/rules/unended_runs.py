"""Installs, upgrades and removals that failed half way and could not be ended by themselves."""

from collections.abc import Iterator
from datetime import timedelta

from geminicrm.runtime.attention.look import Look
from geminicrm.runtime.attention.problem import Problem
from geminicrm.runtime.history.models import Run

PATIENCE = timedelta(minutes=10)
"""Longer than a run takes, and than a killed one waits for whoever recovers it."""


def find(look: Look) -> Iterator[Problem]:
    """Name the newest of each extension."""
    told = set()
    for run in look.runs:
        stuck = run.state == "running" and look.now - run.started_at > PATIENCE
        if (stuck or run.state == "failed") and run.extension_id not in told:
            told.add(run.extension_id)
            yield _problem(look, run)


def _problem(look: Look, run: Run) -> Problem:
    there = run.extension_id in look.by_id
    why = run.error or f"It stopped in the step {run.step} and nobody has ended it."
    place = f"/installed/{run.extension_id}" if there else f"/marketplace/{run.extension_id}"
    return Problem(
        code="unended_run",
        severity="danger",
        extension_id=run.extension_id,
        title=f"The {run.kind} of {run.extension_id} did not end",
        detail=why,
        fix_label="Look at it",
        fix_url=place,
    )
