"""Conflicts in words: who stands against whom, and what would mend it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from geminicrm.runtime.resolution.provider import Cause, Need
from geminicrm.runtime.resolution.solve import Impossible, TooDeep, solve
from geminicrm.runtime.resolution.universe import Candidate, Choice, Universe, Wish

_FEW: Final = 6
_MOST_TRIES: Final = 40
"""How many installed extensions are tried out as the party in the way."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why nothing fits: a sentence for each fact, then what would mend it, the easiest first."""

    facts: tuple[str, ...]
    mends: tuple[str, ...]
    parties: tuple[str, ...]

    @property
    def words(self) -> str:
        """Give all of it as one text."""
        facts = _sentence(", and ".join(self.facts))
        if not self.mends:
            return facts
        return f"{facts} {_sentence(_first_upper(', or '.join(self.mends)))}"


def explain(wish: Wish, universe: Universe, failure: Impossible | TooDeep) -> Conflict:
    """Say in words why a wish can't be met."""
    if isinstance(failure, TooDeep):
        text = f"no fitting set of versions was found in {failure.rounds:,} attempts"
        mend = f"name the version of {universe.name(wish.extension_id)} that you want"
        return Conflict((text,), (mend,), (wish.extension_id,))
    if wish.action == "uninstall":
        return _still_needed(wish, universe)
    best = next(
        iter(Choice(universe, {wish.extension_id: wish}).candidates(wish.extension_id)), None
    )
    if best is None:
        return _nothing_to_choose(wish, universe)
    pinned = replace(wish, version=str(best.version))
    parties, causes = _smallest(pinned, universe, failure.causes)
    facts = [*_facts(best, causes, parties), *_offers(causes, universe)] or [
        f"{best.label} does not go together with what is installed"
    ]
    return Conflict(
        tuple(dict.fromkeys(facts)),
        tuple(dict.fromkeys(_mends(wish, best, parties, universe))),
        (wish.extension_id, *sorted(parties.installed)),
    )


def _nothing_to_choose(wish: Wish, universe: Universe) -> Conflict:
    name, known = universe.name(wish.extension_id), universe.known(wish.extension_id)
    unfit = next((one for one in known if one.refusal and not one.installed), None)
    own = universe.installed.get(wish.extension_id)
    if wish.version is not None and known:
        facts = [f"there is no version {wish.version} of {name}"]
        mends = [f"take one of these: {_versions(known)}"]
    elif unfit is not None:
        facts = [f"{unfit.label} can't run here: {unfit.refusal}"]
        mends = ["upgrade GeminiCRM Pro, and try again"]
    elif own is not None:
        facts, mends = [f"{own.label} is installed, and nothing newer is offered"], []
    else:
        facts, mends = [f"no registry offers the extension {wish.extension_id!r}"], []
    return Conflict(tuple(facts), tuple(mends), (wish.extension_id,))


def _still_needed(wish: Wish, universe: Universe) -> Conflict:
    name = universe.name(wish.extension_id)
    needing = [
        one
        for _, one in sorted(universe.installed.items())
        if wish.extension_id in one.requires and one.extension_id != wish.extension_id
    ]
    facts = [f"{one.label}, which is installed, needs {name}" for one in needing]
    mends = [f"uninstall {' and '.join(one.name for one in needing)} first"]
    return Conflict(
        tuple(facts), tuple(mends), (wish.extension_id, *(one.extension_id for one in needing))
    )


def _smallest(
    wish: Wish, universe: Universe, causes: Iterable[Cause]
) -> tuple[Universe, tuple[Cause, ...]]:
    """Leave out what is installed while nothing fits all the same; the rest are the parties."""
    left, found = universe, tuple(causes)
    for name in sorted(universe.installed)[:_MOST_TRIES]:
        if name == wish.extension_id:
            continue
        tried = left.without(name)
        failure = _failure(wish, tried)
        if failure is not None:
            left, found = tried, failure.causes
    return left, found


def _failure(wish: Wish, universe: Universe) -> Impossible | None:
    try:
        solve([wish], universe)
    except Impossible as error:
        return error
    except TooDeep:
        return Impossible(())
    return None


def _facts(best: Candidate, causes: Iterable[Cause], left: Universe) -> Iterator[str]:
    told = [(one.parent, one.requirement) for one in causes if one.parent is not None]
    ways = [_way(best, parent, left) for parent, _ in told]
    yield from (_needs(*hop) for way in ways for hop in way)
    for parent, need in sorted(told, key=lambda one: (one[0].installed, one[0].extension_id)):
        yield _needs(parent, need)
    named = {parent.extension_id for parent, _ in told} | {need.extension_id for _, need in told}
    for name, own in sorted(left.installed.items()):
        if name not in named:
            yield from (_needs(own, Need(*each)) for each in sorted(own.requires.items()))


def _offers(causes: Iterable[Cause], universe: Universe) -> Iterator[str]:
    named = [one.requirement.extension_id for one in causes if one.parent is not None]
    for name in dict.fromkeys(named):
        yield from _offered(name, universe)


def _needs(parent: Candidate, need: Need) -> str:
    where = ", which is installed," if parent.installed else ""
    wanted = f" {need.wanted.text}" if need.wanted else ""
    return f"{parent.label}{where} needs {need.extension_id}{wanted}"


def _way(best: Candidate, to: Candidate, universe: Universe) -> list[tuple[Candidate, Need]]:
    """Find how the wish leads to somebody: who needs whom, from the first to the last."""
    ways: list[list[tuple[Candidate, Need]]] = [[]]
    seen = {best.extension_id}
    for way in ways:
        at = _at(way, best, universe)
        if at is None or at.extension_id == to.extension_id:
            if at is not None:
                return way
            continue
        for name, wanted in sorted(at.requires.items()):
            if name not in seen:
                seen.add(name)
                ways.append([*way, (at, Need(name, wanted))])
    return []


def _at(way: list[tuple[Candidate, Need]], best: Candidate, universe: Universe) -> Candidate | None:
    if not way:
        return best
    need = way[-1][1]
    fitting = (
        one
        for one in universe.known(need.extension_id)
        if need.wanted is None or need.wanted.allows(one.version)
    )
    return next(fitting, None)


def _offered(extension_id: str, universe: Universe) -> Iterator[str]:
    """Say of a thing that is needed which versions there are, and why one can't be used."""
    own, known = universe.installed.get(extension_id), universe.known(extension_id)
    others = [one for one in known if one is not own]
    if own is not None:
        also = f" and {_versions(others)} offered" if others else ""
        yield f"{extension_id} {own.version} is installed{also}"
    elif known:
        yield f"of {extension_id} there is {_versions(known)}"
    else:
        yield f"no registry offers {extension_id}"
    for one in others[:_FEW]:
        if one.refusal:
            yield f"{one.label} can't run here: {one.refusal}"


def _mends(wish: Wish, best: Candidate, left: Universe, universe: Universe) -> Iterator[str]:
    for name in sorted(left.installed):
        if name != wish.extension_id:
            yield from _other_version(name, wish, universe)
    fits = _earlier(wish, best, universe)
    if fits is not None:
        yield f"take {fits.label}, which fits"
    for name, own in sorted(left.installed.items()):
        if (
            name != wish.extension_id
            and _failure(replace(wish, version=str(best.version)), universe.without(name)) is None
        ):
            yield f"uninstall {own.name}"


def _other_version(name: str, wish: Wish, universe: Universe) -> Iterator[str]:
    """Find a version that nobody takes unasked: an earlier, an unfinished, a yanked one."""
    own = universe.installed[name]
    for one in universe.known(name):
        if one is own or one.refusal:
            continue
        try:
            solve([wish, Wish(name, str(one.version))], universe)
        except (Impossible, TooDeep):
            continue
        verb = "upgrade" if one.version > own.version else "roll back"
        yield f"{verb} {own.name} to {one.version} first"
        return


def _earlier(wish: Wish, best: Candidate, universe: Universe) -> Candidate | None:
    own = universe.installed.get(wish.extension_id)
    for one in universe.known(wish.extension_id):
        newer = own is None or one.version > own.version
        if one is best or one.state != "listed" or one.refusal or one.installed or not newer:
            continue
        if _failure(replace(wish, version=str(one.version)), universe) is None:
            return one
    return None


def _versions(known: Iterable[Candidate]) -> str:
    every = [str(one.version) for one in known]
    more = f" and {len(every) - _FEW} more" if len(every) > _FEW else ""
    return ", ".join(every[:_FEW]) + more


def _sentence(text: str) -> str:
    return f"{_first_upper(text).rstrip('.')}."


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]
