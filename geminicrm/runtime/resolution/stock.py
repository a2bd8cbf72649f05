"""Reads the universe of a workspace: its installed rows, and what its registries offer."""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from geminicrm.kernel.work import Work
from geminicrm.runtime.models import Installation
from geminicrm.runtime.resolution.universe import Candidate, Universe
from geminicrm.runtime.semver import NotAVersion, Range, SemVer


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The core that extensions are chosen for."""

    version: str
    api_versions: Collection[int]


@dataclass(frozen=True, slots=True)
class Offer:
    """One version that a registry offers, in its own words."""

    extension_id: str
    version: str
    state: str
    manifest: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Row:
    extension_id: str
    version: SemVer
    enabled: bool
    manifest: Mapping[str, Any]


def read_universe(
    work: Work,
    ask: Callable[[str], Iterable[Offer]],
    core: Core,
    verified: Offer | None = None,
) -> Universe:
    """Read what is installed now; `verified` replaces what a registry says of one version.

    `ask` is called later, once for each extension that matters, and may raise.
    """
    rows = {row.extension_id: row for row in _rows(work)}

    def offers(extension_id: str) -> list[Candidate]:
        found = list(ask(extension_id))
        if verified is not None and verified.extension_id == extension_id:
            found = [verified, *(one for one in found if one.version != verified.version)]
        return [*_readable(found, core)]

    return Universe(
        {name: _installed(row, rows) for name, row in rows.items()},
        offers,
        frozenset(name for name, row in rows.items() if not row.enabled),
    )


def _rows(work: Work) -> Iterator[_Row]:
    found = work.session.execute(
        select(
            Installation.extension_id,
            Installation.version,
            Installation.enabled,
            Installation.manifest,
        )
    )
    for name, version, enabled, manifest in found:
        yield _Row(name, SemVer.parse(version), enabled, manifest)


def _installed(row: _Row, rows: Mapping[str, _Row]) -> Candidate:
    """Give what is installed, with those of its needs that are met.

    One that is paused needs nothing, and what is broken already is no reason to refuse, or to
    change, something else: the list of what needs attention names it.
    """
    requires = (row.manifest.get("requires") or {}).get("extensions") or {}
    met = {
        name: wanted
        for name, wanted in _ranges(requires).items()
        if name in rows and rows[name].enabled and wanted.allows(rows[name].version)
    }
    return Candidate(
        extension_id=row.extension_id,
        name=str(row.manifest.get("name") or row.extension_id),
        version=row.version,
        requires=met if row.enabled else {},
        installed=True,
    )


def _readable(offers: Iterable[Offer], core: Core) -> Iterator[Candidate]:
    for one in offers:
        # What a registry says is not checked yet; what can't be read as a manifest is no candidate.
        with contextlib.suppress(NotAVersion, TypeError, AttributeError):
            yield _candidate(one, core)


def _candidate(one: Offer, core: Core) -> Candidate:
    requires = one.manifest.get("requires") or {}
    return Candidate(
        extension_id=one.extension_id,
        name=str(one.manifest.get("name") or one.extension_id),
        version=SemVer.parse(one.version),
        requires=_ranges(requires.get("extensions") or {}),
        state=one.state,
        refusal=_refusal(one.manifest, requires, core),
    )


def _ranges(texts: Mapping[str, str]) -> dict[str, Range]:
    return {name: Range.parse(text) for name, text in texts.items()}


def _refusal(manifest: Mapping[str, Any], requires: Mapping[str, Any], core: Core) -> str:
    spoken = manifest.get("api_version", 1)
    if spoken not in core.api_versions:
        known = ", ".join(str(each) for each in sorted(core.api_versions))
        return f"it speaks api_version {spoken}, and this core {known}"
    wanted = requires.get("geminicrm")
    if wanted is None or Range.parse(wanted).allows(SemVer.parse(core.version)):
        return ""
    return f"it needs GeminiCRM Pro {wanted}, and this is {core.version}"
