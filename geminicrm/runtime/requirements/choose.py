"""Which wheels a version gets: all that its requirements lead to, and nothing that is missing."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Final

from packaging.requirements import Requirement
from packaging.tags import Tag, sys_tags
from packaging.version import Version

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.python_requirement import NotARequirement, counting, name_of
from geminicrm.runtime.requirements.own import HOST_MODULES
from geminicrm.runtime.requirements.problems import RequirementsRefused
from geminicrm.runtime.requirements.wheel import Wheel

MAX_SET_BYTES: Final = 500 * 1024 * 1024
POINTER: Final = "/requires/python"
MEND: Final = "Put its wheel into wheels/, or run `geminicrm ext lock` on the folder."


def choose(
    wanted: Sequence[Requirement], offered: Iterable[Wheel], host: Mapping[str, Version]
) -> tuple[Wheel, ...]:
    """Give the wheels to install for these requirements, by name.

    `host` are the versions that hosts have already: a requirement that agrees with one of them
    is met, one that disagrees is refused. Raises RequirementsRefused with everything found.
    """
    walk = _Walk(dict(_best(offered)), host)
    for requirement in wanted:
        walk.ask(requirement, "the manifest")
    walk.run()
    found = [*walk.findings, *_hiding(walk.taken.values()), *_too_large(walk.taken.values())]
    if found:
        raise RequirementsRefused(found)
    return tuple(walk.taken[name] for name in sorted(walk.taken))


@dataclass
class _Walk:
    """Goes from requirement to wheel to its requirements; each with its extras once."""

    offered: Mapping[str, Wheel | Finding]
    host: Mapping[str, Version]
    taken: dict[str, Wheel] = field(default_factory=dict)
    findings: dict[Finding, None] = field(default_factory=dict)
    _todo: list[tuple[Requirement, str]] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def ask(self, requirement: Requirement, asker: str) -> None:
        if (str(requirement), asker) not in self._seen:
            self._seen.add((str(requirement), asker))
            self._todo.append((requirement, asker))

    def run(self) -> None:
        while self._todo:
            requirement, asker = self._todo.pop(0)
            finding = self._meet(requirement, asker)
            if finding is not None:
                self.findings[finding] = None

    def _meet(self, requirement: Requirement, asker: str) -> Finding | None:
        name = name_of(requirement)
        if name in self.host:
            return host_conflict(requirement, asker, self.host[name])
        wheel = self.offered.get(name)
        if wheel is None:
            message = f"{requirement} is asked for by {asker}, and the package lacks it. {MEND}"
            return Finding(POINTER, "missing_requirement", message)
        if isinstance(wheel, Finding):
            return wheel
        if not requirement.specifier.contains(wheel.version, prereleases=True):
            message = (
                f"{requirement} is asked for by {asker}, and the package has {name} "
                f"{wheel.version}: change one of them."
            )
            return Finding(POINTER, "other_version", message)
        return self._take(wheel, requirement.extras)

    def _take(self, wheel: Wheel, extras: Iterable[str]) -> Finding | None:
        self.taken[wheel.name] = wheel
        try:
            for requirement in counting(wheel.requires, tuple(extras)):
                plain = copy(requirement)
                plain.marker = None  # it is true here, and would only clutter the messages
                self.ask(plain, f"{wheel.name} {wheel.version}")
        except NotARequirement as error:
            return Finding(POINTER, "wheel_wrong", f"{wheel.path.name}: {error}")
        return None


def host_conflict(requirement: Requirement, asker: str, own: Version) -> Finding | None:
    """Tell whether a requirement disagrees with a package that hosts have for themselves."""
    name = requirement.name
    if requirement.extras:
        extras = ", ".join(sorted(requirement.extras))
        message = f"{name} is the host's own and comes without [{extras}]: name what that brings."
        return Finding(POINTER, "host_conflict", message)
    if requirement.specifier.contains(own, prereleases=True):
        return None
    message = (
        f"{name} is the host's own and {own} here; {asker} asks for {requirement}, which "
        "disagrees: ask for a version that this core has."
    )
    return Finding(POINTER, "host_conflict", message)


def _best(offered: Iterable[Wheel]) -> Iterator[tuple[str, Wheel | Finding]]:
    """Give for each name the wheel that suits this interpreter most, or why there is none."""
    ranks = {tag: rank for rank, tag in enumerate(sys_tags())}
    by_name: dict[str, list[Wheel]] = {}
    for wheel in offered:
        by_name.setdefault(wheel.name, []).append(wheel)
    for name, wheels in by_name.items():
        versions = sorted({wheel.version for wheel in wheels})
        if len(versions) > 1:
            listed = ", ".join(map(str, versions))
            message = f"There are several versions of {name} ({listed}): keep one."
            yield name, Finding(POINTER, "many_versions", message)
        else:
            yield name, _fitting(wheels, ranks)


def _fitting(wheels: Sequence[Wheel], ranks: Mapping[Tag, int]) -> Wheel | Finding:
    worst = len(ranks)
    best = min(wheels, key=lambda wheel: _rank(wheel, ranks, worst))
    if _rank(best, ranks, worst) < worst:
        return best
    here = next(iter(ranks))
    message = (
        f"{best.name} {best.version} has no wheel for this interpreter ({here.interpreter}, "
        f"{here.platform}, Python {_python()}): add one that fits."
    )
    return Finding(POINTER, "wheel_unfit", message)


def _rank(wheel: Wheel, ranks: Mapping[Tag, int], worst: int) -> int:
    if not wheel.requires_python.contains(_python(), prereleases=True):
        return worst
    return min(ranks.get(tag, worst) for tag in wheel.tags)


def _python() -> Version:
    return Version(".".join(map(str, sys.version_info[:3])))


def _hiding(wheels: Iterable[Wheel]) -> Iterator[Finding]:
    for wheel in wheels:
        for module in sorted(wheel.modules() & HOST_MODULES):
            message = f"{wheel.path.name} has a module {module}, which is the host's own."
            yield Finding(POINTER, "hides_host", message)


def _too_large(wheels: Iterable[Wheel]) -> Iterator[Finding]:
    size = sum(wheel.size for wheel in wheels)
    if size > MAX_SET_BYTES:
        message = f"The packages have {size} bytes unpacked; {MAX_SET_BYTES} are allowed."
        yield Finding(POINTER, "too_large", message)
