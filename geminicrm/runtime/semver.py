"""Semantic versions and ranges of them (semver.org 2.0.0; ranges after npm's node-semver)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering
from typing import Final, TypeAlias

from typing_extensions import override

_VERSION: Final = re.compile(
    r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_COMPARATOR: Final = re.compile(r"(>=|<=|==|>|<|=|\^|~)?\s*([^\s,<>=^~]+)")
_PARTS: Final = 3

_Key: TypeAlias = tuple[tuple[int, int, int], int, tuple[tuple[int, int, str], ...]]


class NotAVersion(ValueError):
    """The text is no semantic version, or no range of them."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class SemVer:
    """A semantic version; compares by precedence, so build metadata does not count."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: str = ""

    @classmethod
    def parse(cls, text: str) -> "SemVer":
        """Read `1.2.3-beta.1+build`. Raises `NotAVersion`."""
        match = _VERSION.fullmatch(text)
        names = tuple(match[4].split(".")) if match and match[4] else ()
        zeros = any(name.isdigit() and name != "0" and name.startswith("0") for name in names)
        if match is None or zeros:
            raise NotAVersion(f"{text!r} is not a semantic version such as '1.0.0'.")
        return cls(int(match[1]), int(match[2]), int(match[3]), names, match[5] or "")

    @property
    def core(self) -> tuple[int, int, int]:
        """Major, minor and patch."""
        return (self.major, self.minor, self.patch)

    @property
    def _key(self) -> _Key:
        # Numbers come before words, a release after all of its pre-releases (semver 2.0.0, 11).
        names = tuple((0, int(n), "") if n.isdigit() else (1, 0, n) for n in self.prerelease)
        return (self.core, 0 if self.prerelease else 1, names)

    @override
    def __eq__(self, other: object) -> bool:
        """Compare by precedence."""
        return isinstance(other, SemVer) and self._key == other._key

    @override
    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return hash(self._key)

    def __lt__(self, other: "SemVer") -> bool:
        """Compare by precedence."""
        return self._key < other._key

    @override
    def __str__(self) -> str:
        """Give the text that `parse` reads."""
        core = ".".join(map(str, self.core))
        end = f"-{'.'.join(self.prerelease)}" if self.prerelease else ""
        return core + end + (f"+{self.build}" if self.build else "")


@dataclass(frozen=True, slots=True)
class _Bound:
    operator: str
    version: SemVer

    def allows(self, version: SemVer) -> bool:
        return {
            ">=": version >= self.version,
            ">": version > self.version,
            "<": version < self.version,
            "<=": version <= self.version,
            "=": version == self.version,
        }[self.operator]


@dataclass(frozen=True, slots=True)
class Range:
    """Versions that satisfy every bound: `>=1.2 <2`, `^1.2.0`, `~1.2`, `1.2.3`, `*`."""

    text: str
    bounds: tuple[_Bound, ...]

    @classmethod
    def parse(cls, text: str) -> "Range":
        """Read a range; commas and spaces both join. Raises `NotAVersion`."""
        if text.strip() == "*":
            return cls(text, ())
        rest = _COMPARATOR.sub("", text).replace(",", "").strip()
        bounds = tuple(
            bound
            for match in _COMPARATOR.finditer(text)
            for bound in _read(match[1] or "=", match[2])
        )
        if rest or not bounds:
            raise NotAVersion(f"{text!r} is not a version range such as '>=1.2.0 <2.0.0'.")
        return cls(text, bounds)

    def allows(self, version: SemVer) -> bool:
        """Tell whether a version is inside.

        A pre-release is inside only where a bound names a pre-release of the same version.
        """
        opted_in = any(b.version.prerelease and b.version.core == version.core for b in self.bounds)
        if version.prerelease and not opted_in:
            return False
        return all(bound.allows(version) for bound in self.bounds)


def _read(operator: str, text: str) -> Iterable[_Bound]:
    core, dash, end = text.partition("-")
    given = core.split(".")
    while given and given[-1] in {"*", "x"}:
        given.pop()
    if not given:
        raise NotAVersion(f"{text!r} stands for any version: write '*' alone.")
    missing = _PARTS - len(given)
    low = SemVer.parse(".".join([*given, *["0"] * missing]) + dash + end)
    if operator == "^":
        return _between(low, next((at for at in range(_PARTS) if low.core[at]), _PARTS - 1))
    if operator == "~":
        return _between(low, min(1, len(given) - 1))
    if operator in {"=", "=="}:
        return _between(low, len(given) - 1) if missing else [_Bound("=", low)]
    if missing and operator in {">", "<="}:
        # ">1.2" means from 1.3 on, "<=1.2" all of 1.2.
        return [_Bound(">=" if operator == ">" else "<", _after(low, len(given) - 1))]
    return [_Bound(operator, low)]


def _between(low: SemVer, place: int) -> Iterable[_Bound]:
    return [_Bound(">=", low), _Bound("<", _after(low, place))]


def _after(version: SemVer, place: int) -> SemVer:
    major, minor, patch = version.core
    return (SemVer(major + 1, 0, 0), SemVer(major, minor + 1, 0), SemVer(major, minor, patch + 1))[
        place
    ]
