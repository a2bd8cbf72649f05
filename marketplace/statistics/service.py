"""How versions fare: counted from what the life cycle has written down and what failed."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select, update

from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.failure_book import Failure
from geminicrm.runtime.history.models import ExtensionOrigin, Run
from geminicrm.runtime.models import EMBEDDED, Installation
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.moderation.access import own_row
from marketplace.statistics.figures import DayFigures, Errors, Figures, VersionFigures
from marketplace.statistics.models import ErrorGroup, ErrorSighting, VersionDay

KEPT_DAYS = 90
MOST_GROUPS = 200
_PLACE = 300
# Which column a finished run counts in, and whether for the version that was left.
_COLUMNS = {
    "install": ("installs", False),
    "upgrade": ("upgrades", False),
    "return": ("returns", True),
    "uninstall": ("uninstalls", True),
}
_Counted = dict[tuple[str, str], dict[str, int]]


class Statistics:
    """Counts and tells; it knows no customers, only numbers of them."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def downloaded(self, key: str, version: str) -> None:
        """Count one download of a package; `key` is that of the extension's row."""
        with self._works.across_workspaces("count a download", write=True) as work:
            own = (RegistryVersion.extension_id == key, RegistryVersion.version == version)
            work.session.execute(
                update(RegistryVersion)
                .where(*own)
                .values(downloads=RegistryVersion.downloads + 1)
                .execution_options(synchronize_session=False)
            )
            _day(work, key, version, work.now.date()).downloads += 1

    def count(self) -> None:
        """Count today's and yesterday's runs anew, and drop what is older than is kept.

        Counting anew from the journal makes it harmless to be stopped, or to run twice at once.
        """
        with self._works.across_workspaces("count what became of versions", write=True) as work:
            today = work.now.astimezone(UTC).date()
            for day in (today - timedelta(days=1), today):
                _store(work, day, _counted(work, day))
            _forget(work, today - timedelta(days=KEPT_DAYS))

    def report(self, failures: Mapping[Failure, int]) -> None:
        """Add failures to their groups; those of what is not in this registry are left out."""
        if not failures:
            return
        with self._works.across_workspaces("group errors for authors", write=True) as work:
            keys = _keys(work, {one.installation_id for one in failures})
            for failure, count in failures.items():
                if failure.installation_id in keys:
                    _add(work, keys[failure.installation_id], failure, count)

    def figures(self, actor: Actor, extension_id: str, days: int = 30) -> Figures:
        """Give the last days of an extension, today included, to whoever speaks for it.

        UnknownExtension, ScopeMissing, NotYours.
        """
        with self._works.read(actor) as work:
            key = own_row(work, extension_id).id
        with self._works.across_workspaces("show how an extension fares") as work:
            first = work.now.date() - timedelta(days=days - 1)
            rows = work.session.scalars(
                select(VersionDay)
                .where(VersionDay.extension_id == key, VersionDay.day >= first)
                .order_by(VersionDay.day)
            ).all()
            active = _active(work, key)
            published = work.session.scalars(
                select(RegistryVersion.version).where(RegistryVersion.extension_id == key)
            ).all()
        versions = [
            VersionFigures(
                version=version,
                active=active.get(version, 0),
                **_sums(row for row in rows if row.version == version),
            )
            for version in {*published, *active, *(row.version for row in rows)}
        ]
        versions.sort(key=lambda one: (-one.active, -one.installs - one.upgrades, one.version))
        by_day = [
            DayFigures(day=day, **_sums(row for row in rows if row.day == day))
            for day in (first + timedelta(days=n) for n in range(days))
        ]
        return Figures(versions=tuple(versions), days=tuple(by_day))

    def errors(self, actor: Actor, extension_id: str, version: str | None = None) -> list[Errors]:
        """Give the groups of errors, the latest first, at most MOST_GROUPS; raises as `figures`."""
        with self._works.read(actor) as work:
            key = own_row(work, extension_id).id
        with self._works.across_workspaces("show an author the errors") as work:
            seen = select(func.count()).where(*_same_group()).scalar_subquery()
            found = (
                select(ErrorGroup, seen)
                .where(ErrorGroup.extension_id == key)
                .order_by(ErrorGroup.last_at.desc(), ErrorGroup.fingerprint)
                .limit(MOST_GROUPS)
            )
            if version is not None:
                found = found.where(ErrorGroup.version == version)
            return [
                Errors(
                    version=group.version,
                    kind=group.kind,
                    place=group.place,
                    reason=group.reason,
                    count=group.count,
                    installations=installations,
                    first_at=group.first_at,
                    last_at=group.last_at,
                )
                for group, installations in work.session.execute(found)
            ]


def _counted(work: Work, day: date) -> _Counted:
    """Count the runs of a day by the row of the extension that they were about.

    An id alone does not tell: workspaces have private ones, and other registries the same ids.
    """
    begin = datetime.combine(day, time(), UTC)
    about = (RegistryExtension.id, Run.kind, Run.from_version, Run.to_version)
    rows = work.session.execute(
        select(*about, func.count())
        .join_from(
            Run,
            ExtensionOrigin,
            (ExtensionOrigin.workspace_id == Run.workspace_id)
            & (ExtensionOrigin.extension_id == Run.extension_id),
        )
        .join(
            RegistryExtension,
            (RegistryExtension.extension_id == Run.extension_id)
            & (RegistryExtension.publisher_id == ExtensionOrigin.publisher_id),
        )
        .where(ExtensionOrigin.registry_id == EMBEDDED, Run.state == "done")
        .where(Run.ended_at >= begin, Run.ended_at < begin + timedelta(days=1))
        .group_by(*about)
    )
    found: _Counted = {}
    for key, kind, left, reached, count in rows:
        if kind not in _COLUMNS:
            continue
        column, of_left = _COLUMNS[kind]
        version = left if of_left else reached
        if version is not None:
            counts = found.setdefault((key, version), {})
            counts[column] = counts.get(column, 0) + count
    return found


def _store(work: Work, day: date, counted: _Counted) -> None:
    for (key, version), counts in counted.items():
        row = _day(work, key, version, day)
        for column, count in counts.items():
            setattr(row, column, count)


def _day(work: Work, key: str, version: str, day: date) -> VersionDay:
    row = work.session.get(VersionDay, (key, version, day))
    if row is None:
        zero = {"downloads": 0, "installs": 0, "upgrades": 0, "returns": 0, "uninstalls": 0}
        row = VersionDay(extension_id=key, version=version, day=day, **zero)
        work.session.add(row)
    return row


def _keys(work: Work, installation_ids: set[str]) -> dict[str, str]:
    """Find the rows of the extensions that installations have from this registry."""
    rows = work.session.execute(
        select(Installation.id, RegistryExtension.id)
        .join(RegistryExtension, _installed_from())
        .where(Installation.id.in_(installation_ids))
    )
    return {row[0]: row[1] for row in rows}


def _installed_from() -> ColumnElement[bool]:
    return and_(
        RegistryExtension.extension_id == Installation.extension_id,
        RegistryExtension.publisher_id == Installation.publisher_id,
        Installation.registry_id == EMBEDDED,
    )


def _add(work: Work, extension: str, failure: Failure, count: int) -> None:
    place = failure.place[:_PLACE]
    alike = f"{failure.kind}\n{place}\n{failure.reason}"
    key = (extension, failure.version, hashlib.sha256(alike.encode()).hexdigest())
    group = work.session.get(ErrorGroup, key)
    if group is None:
        group = ErrorGroup(
            extension_id=key[0],
            version=key[1],
            fingerprint=key[2],
            kind=failure.kind,
            place=place,
            reason=failure.reason,
            count=0,
            first_at=work.now,
        )
        work.session.add(group)
    group.count += count
    group.last_at = work.now
    work.session.flush()
    # Enough to count installations by, too little to find one.
    name = hashlib.sha256(failure.installation_id.encode()).hexdigest()[:16]
    if work.session.get(ErrorSighting, (*key, name)) is None:
        work.session.add(
            ErrorSighting(
                extension_id=key[0], version=key[1], fingerprint=key[2], installation=name
            )
        )


def _same_group() -> tuple[ColumnElement[bool], ...]:
    return (
        ErrorSighting.extension_id == ErrorGroup.extension_id,
        ErrorSighting.version == ErrorGroup.version,
        ErrorSighting.fingerprint == ErrorGroup.fingerprint,
    )


def _active(work: Work, key: str) -> dict[str, int]:
    rows = work.session.execute(
        select(Installation.version, func.count(Installation.id))
        .join(RegistryExtension, _installed_from())
        .where(RegistryExtension.id == key, Installation.enabled)
        .group_by(Installation.version)
    )
    return {version: int(count) for version, count in rows}


def _sums(rows: Iterable[VersionDay]) -> dict[str, int]:
    kept = list(rows)
    names = ("downloads", "installs", "upgrades", "returns", "uninstalls")
    return {name: sum(getattr(row, name) for row in kept) for name in names}


def _forget(work: Work, before: date) -> None:
    begin = datetime.combine(before, time(), UTC)
    for statement in (
        delete(VersionDay).where(VersionDay.day < before),
        delete(ErrorGroup).where(ErrorGroup.last_at < begin),
    ):
        work.session.execute(statement.execution_options(synchronize_session=False))
