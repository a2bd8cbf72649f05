"""The journal: every run is written down before it acts, step by step."""

from collections.abc import Mapping
from typing import Any, Final

from geminicrm.kernel.ids import new_id
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.history.models import Run
from geminicrm.runtime.history.protocols import Intent, Lease

DRAFT: Final = "draft"
"""The fact that holds the installation as it is to be, its secrets sealed; gone once it ends."""
_LABEL: Final = 200


class DatabaseJournal:
    """Keeps runs in the database."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def begin(self, actor: Actor, intent: Intent, lease: Lease) -> "DatabaseEntry":
        """Open the journal of a run; its first step is written with it."""
        run_id = new_id("run")
        with self._works.write(actor) as work:
            lease.confirm(work)
            work.session.add(
                Run(
                    id=run_id,
                    group_id=intent.group_id or run_id,
                    extension_id=intent.extension_id,
                    kind=intent.kind,
                    state="running",
                    step="begin",
                    facts=dict(intent.facts),
                    from_version=intent.from_version,
                    from_digest=intent.from_digest,
                    to_version=intent.to_version,
                    to_digest=intent.to_digest,
                    owner=own_name(),
                    actor_kind=actor.kind,
                    actor_id=actor.id,
                    actor_label=actor.label[:_LABEL],
                    started_at=work.now,
                )
            )
        return DatabaseEntry(self._works, actor, run_id, lease)


class DatabaseEntry:
    """One run in the journal."""

    def __init__(self, works: Works, actor: Actor, run_id: str, lease: Lease) -> None:
        self._works = works
        self._actor = actor
        self._lease = lease
        self.id = run_id

    def step(self, name: str) -> None:
        """Write down that a step begins, and hold the lock for another while. Raises Conflict."""
        with self._works.write(self._actor) as work:
            self._lease.confirm(work)
            self._run(work).step = name

    def note(self, **facts: Any) -> None:
        """Write down what finishing or undoing will take."""
        with self._works.write(self._actor) as work:
            run = self._run(work)
            run.facts = {**run.facts, **facts}

    def done(self, work: Work) -> None:
        """Say, inside the transaction that decides, that the run has happened."""
        self._end(work, "done", None)

    def undone(self, reason: str) -> None:
        """Say that all is as it was before, unless the run has happened."""
        with self._works.write(self._actor) as work:
            if self._run(work).state == "running":
                self._end(work, "undone", reason)

    def _run(self, work: Work) -> Run:
        return work.session.get_one(Run, self.id)

    def _end(self, work: Work, state: str, reason: str | None) -> None:
        run = self._run(work)
        run.state, run.error, run.ended_at = state, reason, work.now
        run.facts = without_draft(run.facts)


def without_draft(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give what of a run's facts is kept once it has ended: nobody needs secrets any more."""
    return {name: value for name, value in facts.items() if name != DRAFT}
