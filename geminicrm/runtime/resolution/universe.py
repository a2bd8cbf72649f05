"""What there is to choose from: the installed set, and the versions that could be had."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from geminicrm.runtime.semver import Range, SemVer

Action = Literal["install", "upgrade", "rollback", "uninstall"]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One version that could be in the set.

    `refusal` says why this core can't run it, empty where it can; `installed` whether it is what
    the workspace has now; `state` is the registry's word: listed or yanked.
    """

    extension_id: str
    name: str
    version: SemVer
    requires: Mapping[str, Range]
    state: str = "listed"
    refusal: str = ""
    installed: bool = False

    @property
    def label(self) -> str:
        """Name it as people do."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of one extension; without a version, the newest that fits."""

    extension_id: str
    version: str | None = None
    action: Action = "install"


@dataclass(frozen=True)
class Universe:
    """Everything that a set can be made of.

    `installed` are the candidates that the workspace has; `offers` looks up what registries have of
    an extension, and is asked only where that matters: a registry may be far away.
    """

    installed: Mapping[str, Candidate]
    offers: Callable[[str], Sequence[Candidate]]
    disabled: frozenset[str] = frozenset()
    _seen: dict[str, tuple[Candidate, ...]] = field(default_factory=dict)

    def known(self, extension_id: str) -> tuple[Candidate, ...]:
        """Give all versions, the highest first; the installed one stands for its own version."""
        if extension_id not in self._seen:
            own = self.installed.get(extension_id)
            found = [one for one in self.offers(extension_id) if not _same(one, own)]
            every = [*found, *([own] if own else [])]
            self._seen[extension_id] = tuple(
                sorted(every, key=lambda one: one.version, reverse=True)
            )
        return self._seen[extension_id]

    def name(self, extension_id: str) -> str:
        """Give the name that people know it by; its id where nobody has it."""
        own = self.installed.get(extension_id)
        known = (own,) if own else self.known(extension_id)
        return known[0].name if known else extension_id

    def without(self, extension_id: str) -> "Universe":
        """Give the same with one extension not installed."""
        left = {name: one for name, one in self.installed.items() if name != extension_id}
        return Universe(left, self.offers, self.disabled)

    def only_prereleases(self, extension_id: str) -> bool:
        """Tell whether it has no finished version at all, so that an unfinished one has to do."""
        return all(one.version.prerelease for one in self.known(extension_id))


@dataclass(frozen=True)
class Choice:
    """Which candidates count for a wish: that is the policy of resolution, in one place.

    A named version counts whatever it is. Else: listed ones that this core can run, unfinished ones
    only where there is nothing else. What is installed and not wished for stays, or goes up.
    """

    universe: Universe
    wishes: Mapping[str, Wish]

    def candidates(self, extension_id: str) -> Iterator[Candidate]:
        """Give them, the preferred first; lazily, so that nobody is asked without need."""
        wish = self.wishes.get(extension_id)
        if wish is None:
            yield from self._kept_or_new(extension_id)
        elif wish.action != "uninstall":
            yield from self._wished(wish)

    def allows(self, wanted: Range, candidate: Candidate) -> bool:
        """Tell whether a version is inside a range, unfinished ones where nothing else is."""
        version = candidate.version
        if wanted.allows(version):
            return True
        return bool(
            version.prerelease
            and all(bound.allows(version) for bound in wanted.bounds)
            and self.universe.only_prereleases(candidate.extension_id)
        )

    @cached_property
    def _removes_only(self) -> bool:
        # To take one away is no reason to change another.
        return bool(self.wishes) and all(one.action == "uninstall" for one in self.wishes.values())

    def _kept_or_new(self, extension_id: str) -> Iterator[Candidate]:
        own = self.universe.installed.get(extension_id)
        if own is not None:
            yield own
        if self._removes_only:
            return
        for one in self._good(extension_id):
            if own is None or one.version > own.version:
                yield one

    def _wished(self, wish: Wish) -> Iterator[Candidate]:
        if wish.version is not None:
            known = self.universe.known(wish.extension_id)
            yield from (one for one in known if str(one.version) == wish.version)
            return
        own = self.universe.installed.get(wish.extension_id)
        for one in self._good(wish.extension_id):
            if own is None or one.version > own.version:
                yield one

    def _good(self, extension_id: str) -> Iterator[Candidate]:
        unfinished = self.universe.only_prereleases(extension_id)
        for one in self.universe.known(extension_id):
            finished = unfinished or not one.version.prerelease
            if one.state == "listed" and not one.refusal and not one.installed and finished:
                yield one


def _same(one: Candidate, own: Candidate | None) -> bool:
    return own is not None and str(one.version) == str(own.version)
