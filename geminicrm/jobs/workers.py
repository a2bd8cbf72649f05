"""The living workers of all machines, and what each of them holds."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import func, select

from geminicrm.jobs.protocols import Label, Living
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.ids import made_at
from geminicrm.kernel.jobs.models import RUNNING, Job
from geminicrm.kernel.owners import host_and_pid
from geminicrm.kernel.work import Work

DOES_JOBS: Final = "worker"
"""The kind of process that does jobs."""
Held = dict[tuple[str, int], Counter[tuple[str, str]]]
"""How many jobs each process holds, by host and number, then by workspace and target."""


def held(work: Work) -> Held:
    """Look who holds what, in all workspaces."""
    query = (
        select(Job.leased_by, Job.workspace_id, Job.target, func.count())
        .where(Job.leased_by.is_not(None), Job.state == RUNNING)
        .group_by(Job.leased_by, Job.workspace_id, Job.target)
    )
    found: Held = {}
    for owner, workspace_id, target, count in work.session.execute(query):
        found.setdefault(host_and_pid(owner or ""), Counter())[workspace_id, target] += count
    return found


def shapes(
    alive: Iterable[Living], holding: Held, workspace_id: str, labels: Mapping[str, Label]
) -> list[dict[str, Any]]:
    """Give the workers, those that are gone but still hold something last.

    What a worker holds for other workspaces is counted, not named.
    """
    left = dict(holding)
    found = []
    for one in sorted(alive, key=lambda each: each.id):
        if one.kind == DOES_JOBS:
            host = one.machine.partition(":")[0]
            mine = left.pop((host, one.pid), Counter())
            found.append({
                "machine": host, "pid": one.pid, "alive": True,
                "since": format_instant(made_at(one.id)),
                **_holds(mine, workspace_id, labels),
            })  # fmt: skip
    for (host, pid), counts in sorted(left.items()):
        gone = {"machine": host, "pid": pid, "alive": False, "since": None}
        found.append({**gone, **_holds(counts, workspace_id, labels)})
    return found


def _holds(
    counts: Counter[tuple[str, str]], workspace_id: str, labels: Mapping[str, Label]
) -> dict[str, Any]:
    own = sorted((key, count) for key, count in counts.items() if key[0] == workspace_id)
    return {
        "holds": [
            {
                "target": target,
                "target_name": labels[target].name if target in labels else None,
                "jobs": count,
            }
            for (_, target), count in own
        ],
        "elsewhere": counts.total() - sum(count for _, count in own),
    }
