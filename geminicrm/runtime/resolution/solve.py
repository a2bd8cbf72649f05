"""Solving: from wishes and a universe to the changes that make them true, dependencies first."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from resolvelib import BaseReporter, ResolutionImpossible, ResolutionTooDeep
from resolvelib.resolvers import Resolution

from geminicrm.runtime.resolution.provider import Cause, Need, Provider
from geminicrm.runtime.resolution.universe import Candidate, Choice, Universe, Wish

ROUNDS: Final = 400
"""How often a decision may be made or taken back, beside one for each installed extension."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change of the installed set; `before` is None for what is new."""

    extension_id: str
    action: Literal["install", "upgrade", "rollback", "uninstall"]
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Solution:
    """The set as it will be, and the steps that lead there in their order."""

    chosen: Mapping[str, Candidate]
    steps: tuple[Step, ...]

    def others(self, extension_ids: Iterable[str]) -> tuple[Step, ...]:
        """Give the steps for what nobody named."""
        named = set(extension_ids)
        return tuple(step for step in self.steps if step.extension_id not in named)


class Impossible(Exception):
    """No set of versions has all that is wanted; `causes` are what stood against each other."""

    def __init__(self, causes: Iterable[Cause]) -> None:
        super().__init__("nothing fits")
        self.causes = tuple(causes)


class TooDeep(Exception):
    """The search was given up; `rounds` is how many decisions it took."""

    def __init__(self, rounds: int) -> None:
        super().__init__("the search was given up")
        self.rounds = rounds


def solve(wishes: Iterable[Wish], universe: Universe, rounds: int = ROUNDS) -> Solution:
    """Find the set; the same question always has the same answer. Raises Impossible, TooDeep."""
    wanted = {wish.extension_id: wish for wish in wishes}
    choice = Choice(universe, wanted)
    gone = {name for name, wish in wanted.items() if wish.action == "uninstall"}
    names = sorted({*universe.installed, *wanted} - gone)
    # Not `Resolver`: it never ends where a circle of needs is left over that leads nowhere (1.2.1).
    search = Resolution(Provider(choice), BaseReporter[Need, Candidate, str]())
    most = rounds + len(names)
    try:
        found = search.resolve([Need(name) for name in names], max_rounds=most)
    except ResolutionImpossible as error:
        raise Impossible(list(error.causes)) from error
    except ResolutionTooDeep as error:
        raise TooDeep(most) from error
    chosen = _least(_reachable(found.mapping, choice), choice)
    return Solution(chosen, _steps(chosen, choice))


def _least(chosen: dict[str, Candidate], choice: Choice) -> dict[str, Candidate]:
    """Take back every change of what nobody named as far as the set holds without it.

    The search keeps what is installed where it can, yet in the order of its decisions; one that it
    changed for a version which it dropped later may stay as it was after all.
    """
    changed = True
    while changed:
        changed = False
        for name, own in sorted(choice.universe.installed.items()):
            if name in choice.wishes or chosen[name] is own:
                continue
            tried = _reachable({**chosen, name: own}, choice)
            if _holds(tried, choice):
                chosen, changed = tried, True
    return _reachable(chosen, choice)


def _reachable(chosen: Mapping[str, Candidate], choice: Choice) -> dict[str, Candidate]:
    wanted = [name for name in chosen if name in choice.universe.installed or name in choice.wishes]
    kept: dict[str, Candidate] = {}
    while wanted:
        name = wanted.pop()
        if name in chosen and name not in kept:
            kept[name] = chosen[name]
            wanted.extend(chosen[name].requires)
    return kept


def _holds(chosen: Mapping[str, Candidate], choice: Choice) -> bool:
    return all(
        name in chosen and choice.allows(wanted, chosen[name])
        for one in chosen.values()
        for name, wanted in one.requires.items()
    )


def _steps(chosen: Mapping[str, Candidate], choice: Choice) -> tuple[Step, ...]:
    installed = choice.universe.installed
    going = [
        Step(name, "uninstall", str(installed[name].version), None)
        for name, wish in sorted(choice.wishes.items())
        if wish.action == "uninstall" and name in installed
    ]
    coming = [
        _step(one, installed.get(one.extension_id))
        for one in _dependencies_first(chosen)
        if not one.installed
    ]
    return (*going, *coming)


def _step(one: Candidate, own: Candidate | None) -> Step:
    if own is None:
        return Step(one.extension_id, "install", None, str(one.version))
    up = one.version > own.version
    kind: Literal["upgrade", "rollback"] = "upgrade" if up else "rollback"
    return Step(one.extension_id, kind, str(own.version), str(one.version))


def _dependencies_first(chosen: Mapping[str, Candidate]) -> list[Candidate]:
    """Order by need, then by id; of those that need each other, the first by id comes last."""
    order: dict[str, Candidate] = {}
    entered: set[str] = set()
    for root in sorted(chosen):
        path = [(root, iter(sorted(chosen[root].requires)))] if root not in entered else []
        entered.add(root)
        while path:
            name, needs = path[-1]
            below = next((n for n in needs if n in chosen and n not in entered), None)
            if below is None:
                order[name] = chosen[name]
                path.pop()
            else:
                entered.add(below)
                path.append((below, iter(sorted(chosen[below].requires))))
    return list(order.values())
