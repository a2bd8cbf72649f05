"""Every process that serves extensions, and whether it serves what the database says."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from geminicrm.identity.models import Workspace
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.generation import RUNTIME, Generation
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.attention.look import OPERATE
from geminicrm.runtime.kit import require
from geminicrm.runtime.leases import Leases, WorkerState
from geminicrm.runtime.models import Installation


class Workers:
    """Looks at all machines."""

    def __init__(self, works: Works, leases: Leases) -> None:
        self._works = works
        self._leases = leases

    def look(self, actor: Actor) -> dict[str, Any]:
        """Give the database's generation and each living worker; needs `operate:instance`.

        A worker is `behind` where its generation is lower, and `differs` where it serves the same
        one with other content than most: that does not happen unless something is broken.
        """
        require(actor, OPERATE)
        alive = self._leases.alive()
        with self._works.across_workspaces("look at the workers") as work:
            number = work.session.get(Generation, RUNTIME)
            names = _names(work, alive)
        generation = number.value if number is not None else 0
        usual = _usual(alive, generation)
        return {
            "generation": generation,
            "data": [_shape(one, generation, usual, names) for one in alive],
            "next_cursor": None,
        }


def _usual(alive: Sequence[WorkerState], generation: int) -> str | None:
    hashes = [one.content_hash for one in alive if one.generation >= generation and not one.safe]
    return max(sorted(set(hashes)), key=hashes.count) if hashes else None


def _shape(
    one: WorkerState, generation: int, usual: str | None, names: dict[str, tuple[str, str]]
) -> dict[str, Any]:
    behind = one.generation < generation
    return {
        "id": one.id,
        "machine": one.machine,
        "kind": one.kind,
        "pid": one.pid,
        "generation": one.generation,
        "content_hash": one.content_hash,
        "seen_at": format_instant(one.seen_at),
        "behind": behind,
        "safe_mode": one.safe,
        "differs": not behind and not one.safe and one.content_hash != usual,
        "not_loaded": [
            {
                "installation_id": key,
                "extension_id": names.get(key, (key, ""))[0],
                "workspace": names.get(key, ("", ""))[1],
                "reason": reason,
            }
            for key, reason in sorted(one.not_loaded.items())
        ],
    }


def _names(work: Work, alive: Sequence[WorkerState]) -> dict[str, tuple[str, str]]:
    wanted = {key for one in alive for key in one.not_loaded}
    if not wanted:
        return {}
    query = (
        select(Installation.id, Installation.extension_id, Workspace.name)
        .join(Workspace, Workspace.id == Installation.workspace_id)
        .where(Installation.id.in_(wanted))
    )
    return {key: (extension, name) for key, extension, name in work.session.execute(query)}
