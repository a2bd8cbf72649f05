"""Versions one after the other: what each may do that the one before could not, and the reverse."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from geminicrm.runtime.manifest import build_manifest
from marketplace import abilities
from marketplace.abilities import Ability
from marketplace.listings import Release


@dataclass(frozen=True, kw_only=True)
class Step:
    """One version and its difference from the one below it; the lowest has none."""

    release: Release
    added: tuple[Ability, ...]
    removed: tuple[Ability, ...]
    first: bool


def history(releases: Sequence[Release]) -> list[Step]:
    """Compare neighbours; `releases` are sorted, the highest first."""
    asked = [_asked(release) for release in releases]
    return [
        Step(
            release=release,
            added=_missing(now, before) if before is not None else (),
            removed=_missing(before, now) if before is not None else (),
            first=before is None,
        )
        for release, now, before in zip_longest(releases, asked, asked[1:])
    ]


def _asked(release: Release) -> dict[str, Ability]:
    manifest = build_manifest(release.manifest)
    every = [*abilities.required(manifest), *abilities.optional(manifest)]
    return {one.name: one for one in every}


def _missing(these: dict[str, Ability], those: dict[str, Ability]) -> tuple[Ability, ...]:
    return tuple(one for name, one in these.items() if name not in those)
