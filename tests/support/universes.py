"""Universes of made-up extensions, for resolution."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from geminicrm.kernel.errors import AppError
from geminicrm.runtime.resolution.explain import Conflict, explain
from geminicrm.runtime.resolution.solve import Impossible, Step, solve
from geminicrm.runtime.resolution.universe import Candidate, Choice, Universe, Wish
from geminicrm.runtime.semver import Range, SemVer
from marketplace.package_reader import open_package

World: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
"""What each version of each extension requires, as `{id: {version: {id: range}}}`."""


def has(*versions: str) -> dict[str, dict[str, str]]:
    """Give versions that require nothing."""
    return {version: {} for version in versions}


def world(
    offered: World,
    installed: Mapping[str, str],
    *,
    yanked: Collection[tuple[str, str]] = (),
    unfit: Mapping[tuple[str, str], str] | None = None,
) -> Universe:
    """Make a universe; extensions are called by their ids in capitals."""

    def made(name: str, version: str, *, own: bool = False) -> Candidate:
        return Candidate(
            extension_id=name,
            name=name.replace("-", " ").title(),
            version=SemVer.parse(version),
            requires={other: Range.parse(text) for other, text in offered[name][version].items()},
            state="yanked" if (name, version) in yanked else "listed",
            refusal=(unfit or {}).get((name, version), ""),
            installed=own,
        )

    return Universe(
        {name: made(name, version, own=True) for name, version in installed.items()},
        lambda name: [made(name, version) for version in offered.get(name, {})],
    )


@dataclass(frozen=True)
class Answer:
    """What came of a wish: a set with its steps, or a conflict."""

    chosen: Mapping[str, Candidate]
    steps: tuple[Step, ...] = ()
    conflict: Conflict | None = None

    @property
    def words(self) -> str:
        """Give the conflict in words; nothing where there is none."""
        return self.conflict.words if self.conflict else ""

    @property
    def parties(self) -> tuple[str, ...]:
        """Name who is told of in the conflict."""
        return self.conflict.parties if self.conflict else ()


def answer(wish: Wish, universe: Universe) -> Answer:
    """Solve a wish, or explain why it can't be met."""
    try:
        found = solve([wish], universe)
    except Impossible as error:
        return Answer({}, conflict=explain(wish, universe, error))
    return Answer(found.chosen, found.steps)


def without(found: Answer, step: Step, universe: Universe) -> dict[str, Candidate]:
    """Give the set of an answer with one step left out."""
    left = {name: one for name, one in found.chosen.items() if name != step.extension_id}
    own = universe.installed.get(step.extension_id)
    return {**left, own.extension_id: own} if own else left


def holds(choice: Choice, chosen: Mapping[str, Candidate]) -> bool:
    """Tell whether every version of a set has what it requires."""
    return all(
        other in chosen and choice.allows(wanted, chosen[other])
        for one in chosen.values()
        for other, wanted in one.requires.items()
    )


def manifest_in(package: bytes) -> dict[str, Any]:
    """Read the manifest of a package as a registry would tell it; nothing where it has none."""
    try:
        return dict(json.loads(open_package(package).manifest))
    except AppError:
        return {}  # the steps of an install say what is wrong with it
