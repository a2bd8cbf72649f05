"""What a workspace has to hear about what it has installed, from every registry it came from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.attention.notices import Notice
from geminicrm.runtime.models import EMBEDDED, Installation
from geminicrm.runtime.quarantine import covers
from marketplace.errors import UnknownExtension
from marketplace.moderation.advisories import Advisories, Warned, warned_in
from marketplace.moderation.kills import Kills
from marketplace.registries.models import RegistryRow
from marketplace.states import QUARANTINED, YANKED
from marketplace.visibility import seen_version

READ = "read:extensions"


@dataclass(frozen=True, slots=True)
class Affecting:
    """An advisory that means the version a workspace has installed."""

    advisory: Warned
    version: str

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {**self.advisory.to_dict(), "installed_version": self.version}


class Telling:
    """Compares what is installed in a workspace with what registries say."""

    def __init__(self, works: Works, kills: Kills, advisories: Advisories) -> None:
        self._works = works
        self._kills = kills
        self._advisories = advisories

    def affecting(self, actor: Actor) -> list[Affecting]:
        """Give the advisories that mean installed versions; none without `read:extensions`."""
        if not actor.allows(READ):
            return []
        own = self._advisories.of(actor)
        with self._works.read(actor) as work:
            rows = _installed(work)
            others = _others(work, rows)
        return [
            Affecting(one, row.version)
            for row in rows
            for one in (own if row.registry_id == EMBEDDED else _told(others, row))
            if one.extension_id == row.extension_id and covers(one.affected, row.version)
        ]

    def advice(self, actor: Actor, registry_id: str, extension_id: str, version: str) -> list[str]:
        """Say what a registry warns of in a version that somebody may install, a sentence each."""
        if registry_id == EMBEDDED:
            told = self._advisories.of(actor, extension_id)
        else:
            with self._works.read(actor) as work:
                row = work.session.get(RegistryRow, registry_id)
                told = list(warned_in(row.notices or {} if row else {}))
        return [
            f"Advisory ({one.severity}): {_sentence(one.title)}{_mend(one)}"
            for one in told
            if one.extension_id == extension_id and covers(one.affected, version)
        ]

    def notices(self, actor: Actor) -> list[Notice]:
        """Give all of it in the words of "needs attention"; nothing without `read:extensions`."""
        if not actor.allows(READ):
            return []
        found = [_of_advisory(one) for one in self.affecting(actor)]
        with self._works.read(actor) as work:
            rows = _installed(work)
            others = _others(work, rows)
            for row in rows:
                found += self._stopped(row)
                found += _withdrawn(work, row, others)
        return found

    def _stopped(self, row: Installation) -> Iterator[Notice]:
        for kill in self._kills.of(row.registry_id):
            if kill.hits(row.extension_id, row.version):
                yield Notice(
                    kind="kill",
                    extension_id=row.extension_id,
                    version=row.version,
                    title=f"{row.extension_id} {row.version} was stopped by its registry",
                    detail=f"{kill.reason} Stopped are the versions {kill.affected}. Upgrade to "
                    "one that is not among them, or uninstall it.",
                    severity="critical",
                    url=_page(row),
                )
                return


def _installed(work: Work) -> list[Installation]:
    return list(work.session.scalars(select(Installation).order_by(Installation.extension_id)))


def _others(work: Work, rows: list[Installation]) -> dict[str, Mapping[str, Any]]:
    wanted = {row.registry_id for row in rows} - {EMBEDDED}
    found = work.session.scalars(select(RegistryRow).where(RegistryRow.id.in_(wanted)))
    return {row.id: row.notices or {} for row in found}


def _told(others: Mapping[str, Mapping[str, Any]], row: Installation) -> list[Warned]:
    return list(warned_in(others.get(row.registry_id, {})))


def _of_advisory(one: Affecting) -> Notice:
    advisory = one.advisory
    return Notice(
        kind="advisory",
        extension_id=advisory.extension_id,
        version=one.version,
        title=f"{advisory.extension_id} {one.version}: {advisory.title}",
        detail=f"{_sentence(advisory.body or advisory.title)}{_mend(advisory)}",
        severity=advisory.severity,
        fixed_in=advisory.fixed_in,
        url=f"/marketplace/{advisory.extension_id}",
    )


def _sentence(text: str) -> str:
    said = text.strip()
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _mend(advisory: Warned) -> str:
    return f" Upgrade to {advisory.fixed_in}." if advisory.fixed_in else ""


def _withdrawn(
    work: Work, row: Installation, others: Mapping[str, Mapping[str, Any]]
) -> Iterator[Notice]:
    state, reason = _state(work, row, others)
    if state not in {YANKED, QUARANTINED}:
        return
    what = "was yanked" if state == YANKED else "was taken out of the marketplace"
    yield Notice(
        kind="yanked",
        extension_id=row.extension_id,
        version=row.version,
        title=f"{row.extension_id} {row.version} {what}",
        detail=f"{reason or 'No reason was given.'} It runs on; upgrade when there is a newer "
        "version.",
        severity="moderate" if state == YANKED else "high",
        url=_page(row),
    )


def _state(
    work: Work, row: Installation, others: Mapping[str, Mapping[str, Any]]
) -> tuple[str, str | None]:
    if row.registry_id == EMBEDDED:
        try:
            _, version = seen_version(work, row.workspace_id, row.extension_id, row.version)
        except UnknownExtension:
            return "", None
        return version.state, version.state_reason
    for one in others.get(row.registry_id, {}).get("yanked", ()):
        if (one.get("extension_id"), one.get("version")) == (row.extension_id, row.version):
            return str(one.get("state", YANKED)), one.get("reason")
    return "", None


def _page(row: Installation) -> str:
    return f"/installed/{row.extension_id}"
