"""Earlier versions of an installation, looked up."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.history.models import InstalledVersion, RemovedInstallation, Run, WatchCount
from geminicrm.runtime.models import Installation
from geminicrm.runtime.semver import SemVer

KEPT = 10
"""So many versions of an installation, the present one included, can be gone back to at most."""
KEPT_DAYS = 180
_CHANGING = {"upgrade", "rollback", "return"}


def history(work: Work, installation_id: str) -> list[InstalledVersion]:
    """Give the versions that an installation has had, the present one first."""
    query = select(InstalledVersion).where(InstalledVersion.installation_id == installation_id)
    order = (InstalledVersion.since.desc(), InstalledVersion.id.desc())
    return list(work.session.scalars(query.order_by(*order)))


def earlier(rows: Sequence[InstalledVersion], digest: str) -> list[InstalledVersion]:
    """Give what can be gone back to from a digest: each version as it was left last."""
    found: dict[str, InstalledVersion] = {}
    for row in rows:
        if row.digest != digest and row.until is not None:
            found.setdefault(row.digest, row)
    return list(found.values())


def chosen(
    rows: Sequence[InstalledVersion], digest: str, present: str, version: str | None
) -> InstalledVersion | None:
    """Give the version to go back to: the one named, else the highest below the present one."""
    candidates = earlier(rows, digest)
    if version is not None:
        return next((row for row in candidates if row.version == version), None)
    limit = SemVer.parse(present)
    below = [row for row in candidates if SemVer.parse(row.version) < limit]
    return max(below, key=lambda row: SemVer.parse(row.version), default=None)


def returned_from(rows: Iterable[InstalledVersion]) -> dict[str, str | None]:
    """Give why a digest was returned from, for each that failed when it ran last."""
    found: dict[str, str | None] = {}
    seen: set[str] = set()
    for row in rows:
        if row.outcome == "returned" and row.digest not in seen:
            found[row.digest] = row.reason
        seen.add(row.digest)
    return found


def kept_digests(work: Work) -> set[str]:
    """Give the digests that any installation may soon go back to, over all workspaces."""
    order = (InstalledVersion.since.desc(), InstalledVersion.id.desc())
    found: dict[str, list[str]] = {}
    query = select(InstalledVersion.installation_id, InstalledVersion.digest).where(
        InstalledVersion.installation_id.in_(select(Installation.id))
    )
    for installation_id, digest in work.session.execute(query.order_by(*order)):
        kept = found.setdefault(installation_id, [])
        if digest not in kept and len(kept) < KEPT:
            kept.append(digest)
    return {digest for kept in found.values() for digest in kept}


def changing(work: Work) -> set[str]:
    """Name the extensions of the workspace that get another version at this moment."""
    query = select(Run.extension_id).where(Run.state == "running", Run.kind.in_(_CHANGING))
    return set(work.session.scalars(query))


def prune(works: Works) -> None:
    """Forget what lies too far back, in all workspaces: versions with their settings, old runs.

    The present version stays; those before it while they are among the last ten, for 180 days after
    they were left. Nothing stays of what is neither installed nor can be brought back, and of calls
    that were counted while it was watched no longer than a day.
    """
    with works.across_workspaces("history: what lies too far back", write=True) as work:
        limit = work.now - timedelta(days=KEPT_DAYS)
        for statement in (
            delete(InstalledVersion).where(InstalledVersion.id.in_(list(_too_old(work)))),
            delete(Run).where(Run.ended_at < limit),
            delete(WatchCount).where(
                WatchCount.installation_id.not_in(select(Installation.id)),
                WatchCount.updated_at < work.now - timedelta(days=1),
            ),
        ):
            work.session.execute(statement.execution_options(synchronize_session=False))


def _too_old(work: Work) -> Iterator[str]:
    known = set(work.session.scalars(select(Installation.id)))
    known |= {row.facts["id"] for row in work.session.scalars(select(RemovedInstallation))}
    limit = work.now - timedelta(days=KEPT_DAYS)
    query = select(InstalledVersion.id, InstalledVersion.installation_id, InstalledVersion.until)
    order = (InstalledVersion.since.desc(), InstalledVersion.id.desc())
    seen: Counter[str] = Counter()
    for version_id, installation_id, until in work.session.execute(query.order_by(*order)):
        seen[installation_id] += 1
        left = until is not None and (until < limit or seen[installation_id] > KEPT)
        if left or installation_id not in known:
            yield version_id
