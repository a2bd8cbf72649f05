"""The job that syncs a connection, and the keeper that asks for it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from extensions.sdk.capabilities.crm_sync import Kind
from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import RateLimited
from geminicrm.crm.build import Crm
from geminicrm.crm.pipelines.service import ensure_default_pipeline, list_pipelines
from geminicrm.identity.actor import SystemActor
from geminicrm.kernel.jobs.kinds import Claimed, Postponed, Run
from geminicrm.kernel.work import Works
from geminicrm.syncing.actor import SyncActor
from geminicrm.syncing.choosing import ARCHIVE_EVERY, EVERY, RUN_KIND, ask, find
from geminicrm.syncing.doors_needed import FarCrm, FarCrms
from geminicrm.syncing.fields import Fields
from geminicrm.syncing.models import KINDS, SyncDirty, SyncHeard, SyncSettings
from geminicrm.syncing.owners import Owners
from geminicrm.syncing.owning import read_owners, tell
from geminicrm.syncing.pairing import Pairing
from geminicrm.syncing.pulling import Pulling
from geminicrm.syncing.pushing import Pushing
from geminicrm.syncing.stages import Stages
from geminicrm.syncing.ties import TIES
from geminicrm.syncing.tying import Tying

_SHORTEST_WAIT: Final = 5
_RESERVE_SECONDS: Final = 90
_MOST_KEPT: Final = 500
_NAMES: Final = {"company": "companies", "contact": "contacts", "deal": "deals"}
_log = structlog.get_logger(__name__)


class SyncKeeper:
    """Asks for connections to be synced whose time has come; any number of workers may do so."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def step(self) -> None:
        """Enqueue those that are due, and those with records that wait."""
        with self._works.across_workspaces("sync: look what is due") as work:
            waiting = select(SyncDirty.connection_id).where(SyncDirty.due_at <= work.now)
            due = or_(
                SyncSettings.next_at <= work.now,
                SyncSettings.connection_id.in_(waiting),
                SyncSettings.connection_id.in_(select(SyncHeard.connection_id)),
            )
            query = select(SyncSettings).where(SyncSettings.enabled, due).limit(_MOST_KEPT)
            places = [(row.workspace_id, row.connection_id) for row in work.session.scalars(query)]
        for workspace_id, connection_id in places:
            try:
                with self._works.write(SystemActor(workspace_id)) as work:
                    ask(work, connection_id)
            except IntegrityError:
                _log.debug("another worker was quicker with a sync", connection=connection_id)


class SyncKind:
    """Implements the engine's Kind: reads the other side where that is due, then gives it ours.

    One job of a connection runs at a time, so that no page that was read earlier undoes what was
    given meanwhile.
    """

    name = RUN_KIND

    def __init__(self, works: Works, far: FarCrms, crm: Crm) -> None:
        self._works = works
        self._far = far
        self._crm = crm

    def ready(self) -> bool:
        """Give True: a connection that can't be synced says so for itself."""
        return True

    def run(self, job: Claimed, run: Run) -> dict[str, Any] | None:
        """Sync it. What the other side says is kept with it, and tried again next time."""
        connection_id = job.payload["connection_id"]
        chosen = self._begin(job.workspace_id, connection_id)
        if chosen is None:
            return None
        far = self._far.open(job.workspace_id, connection_id)
        if far is None:
            reason = "The integration does not run: look under Installed, and at the connection."
            self._end(job.workspace_id, chosen, reason)
            return {"error": reason}
        try:
            done = self._sync(job.workspace_id, chosen, far, run)
        except SdkError as error:
            busy = isinstance(error, RateLimited)
            self._end(job.workspace_id, chosen, str(error), whole=not busy)
            if isinstance(error, RateLimited):
                wait = max(error.retry_after, _SHORTEST_WAIT)
                raise Postponed(str(error), wait) from error
            return {"error": str(error)}
        self._end(job.workspace_id, chosen, None, whole=done)
        return {"whole": done}

    def _begin(self, workspace_id: str, connection_id: str) -> SyncSettings | None:
        with self._works.read(SystemActor(workspace_id)) as work:
            row = find(work, connection_id)
            return row if row is not None and row.enabled else None

    def _sync(self, workspace_id: str, chosen: SyncSettings, far: FarCrm, run: Run) -> bool:
        now = self._works.clock.now()
        actor = SyncActor(far.extension_id, far.name, workspace_id)
        owners = read_owners(self._works, actor, far)
        pairings = list(self._pairings(actor, chosen, far, owners))
        share = 100 // (len(pairings) + 1)
        for at, pairing in enumerate(pairings):
            if not self._one(chosen, pairing, _Told(run, at * share, share), now):
                return False
        told = _Told(run, len(pairings) * share, share)
        if not all(self._tie(pairing, told) for pairing in pairings):
            return False
        self._tell_owners(actor, chosen, owners)
        return True

    def _tie(self, pairing: Pairing, told: "_Told") -> bool:
        """Compare which records belong together; both ends have come and gone by now."""
        if not pairing.ties:
            return True
        tying, looked = Tying(self._works, pairing), 0
        tying.wake()
        count = tying.page()
        while count:
            looked += count
            if told(f"what {looked:,} {_NAMES[pairing.kind]} belong with"):
                return False
            count = tying.page()
        return True

    def _tell_owners(self, actor: SyncActor, chosen: SyncSettings, owners: Owners | None) -> None:
        with self._works.write(actor) as work:
            row = find(work, chosen.connection_id)
            if row is not None and owners is not None:
                tell(work, row, owners)

    def _one(self, chosen: SyncSettings, pairing: Pairing, told: "_Told", now: datetime) -> bool:
        """Sync one kind; give False where its time is up before all is done."""
        due = chosen.next_at <= now
        if pairing.reads and not self._pull(pairing, told, due=due, gone=chosen.archive_at <= now):
            return False
        return not pairing.writes or self._push(pairing, told, due=due)

    def _pull(self, pairing: Pairing, told: "_Told", *, due: bool, gone: bool) -> bool:
        pulling, noun = Pulling(self._works, pairing), _NAMES[pairing.kind]
        read, more = 0, due
        while more:
            count, more = pulling.page()
            read += count
            if told(f"{read:,} {noun} read"):
                return False
        while pulling.heard():
            told(f"{noun} that changed there are read")
        if gone:
            pulling.archived()
        while pulling.again():
            told(f"{noun} are tried again")
        return True

    def _push(self, pairing: Pairing, told: "_Told", *, due: bool) -> bool:
        pulling, pushing = Pulling(self._works, pairing), Pushing(self._works, pairing)
        noun, given = _NAMES[pairing.kind], 0
        while due and self._unscanned(pairing):
            pulling.scan()
            told(f"own {noun} are looked at")
        count = pushing.page()
        while count:
            given += count
            if told(f"{given:,} {noun} of ours looked at"):
                return False
            count = pushing.page()
        return True

    def _unscanned(self, pairing: Pairing) -> bool:
        with self._works.read(pairing.actor) as work:
            return not pairing.cursor(work).first_done

    def _pairings(
        self, actor: SyncActor, chosen: SyncSettings, far: FarCrm, owners: Owners | None
    ) -> Iterator[Pairing]:
        for kind in KINDS:
            if kind not in chosen.kinds:
                continue
            yield Pairing(
                connection_id=chosen.connection_id,
                kind=kind,
                direction=chosen.direction,
                conflicts=chosen.conflicts,
                deletes=chosen.deletes,
                crm=self._crm,
                far=far,
                fields=self._fields(actor, far, kind, owners),
                actor=actor,
                ties=tuple(tie for tie in TIES[kind] if tie.kind in chosen.kinds),
            )

    def _fields(self, actor: SyncActor, far: FarCrm, kind: Kind, owners: Owners | None) -> Fields:
        standard = far.standard_fields(kind)
        if kind != "deal" or not {"pipeline", "stage"} <= standard.names.keys():
            return Fields(kind, standard, owners=owners)
        theirs = far.pipelines()
        with self._works.write(actor) as work:
            ensure_default_pipeline(work)
            ours = list_pipelines(work)
        return Fields(kind, standard, Stages(ours, theirs), owners)

    def _end(
        self, workspace_id: str, chosen: SyncSettings, error: str | None, *, whole: bool = True
    ) -> None:
        """Note how it went, and when it comes round; what was asked for meanwhile stays due."""
        with self._works.write(SystemActor(workspace_id)) as work:
            row = find(work, chosen.connection_id)
            if row is None:
                return
            row.error = error
            if not whole:  # the keeper has it go on at its next look
                return
            if row.next_at == chosen.next_at <= work.now:
                row.next_at = work.now + EVERY
                row.last_at = row.last_at if error else work.now
            if error is None and row.archive_at == chosen.archive_at <= work.now:
                row.archive_at = work.now + ARCHIVE_EVERY


class _Told:
    """Says how far a run is; called, it tells whether the time is almost up."""

    def __init__(self, run: Run, begin: int, share: int) -> None:
        self._run = run
        self._percent = begin
        self._end = begin + share

    def __call__(self, note: str) -> bool:
        """Say it. Raises what ends the run."""
        self._percent = min(self._percent + 1, self._end)
        self._run.progress(self._percent, note)
        return self._run.overdue_by > -_RESERVE_SECONDS
