"""What comes round, and how its last run went."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from geminicrm.jobs.protocols import Label
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.jobs.models import Schedule
from geminicrm.kernel.work import Work


def rows(work: Work) -> Sequence[Schedule]:
    """Give the schedules of the workspace, what is due next first."""
    return work.session.scalars(select(Schedule).order_by(Schedule.next_at, Schedule.id)).all()


def shape(row: Schedule, labels: Mapping[str, Label]) -> dict[str, Any]:
    """Give a schedule as programs and pages see it."""
    label = labels.get(row.target)
    return {
        "id": row.id,
        "kind": row.kind,
        "target": row.target,
        "target_name": label.name if label is not None else None,
        "name": row.name,
        "description": row.description,
        "cron": row.cron,
        "zone": row.zone,
        "enabled": row.enabled,
        "next_at": format_instant(row.next_at) if row.enabled else None,
        "last_at": format_instant(row.last_at) if row.last_at is not None else None,
        "last_job_id": row.last_job_id,
        "failures": row.failures,
    }
