"""`requirements.lock`: the exact packages of a version with their hashes, as pip checks them.

A line is `name==version --hash=sha256:... [--hash=...]`, with an optional marker after `;` and
backslashes where it goes on. Options of pip are refused: the index is the operator's to choose.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from geminicrm.runtime.python_requirement import NotARequirement, name_of, read_requirement

LOCK_FILE: Final = "requirements.lock"
MAX_LOCK_BYTES: Final = 1024 * 1024
MAX_PINS: Final = 200
MAX_HASHES: Final = 500
_COMMENT: Final = re.compile(r"(^|\s)#.*$")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Pin:
    """One package of a lock file; `hashes` are SHA-256 in hex, of which one has to match."""

    name: str
    version: Version
    hashes: tuple[str, ...]
    marker: Marker | None = None
    line: int = 0

    def text(self) -> str:
        """Give it as lines of a lock file."""
        marker = f" ; {self.marker}" if self.marker else ""
        hashes = "".join(f" \\\n    --hash=sha256:{one}" for one in self.hashes)
        return f"{self.name}=={self.version}{marker}{hashes}\n"


@dataclass(frozen=True, slots=True)
class LockProblem:
    """What is wrong in a line; 0 is the whole file."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class LockFile:
    """What a lock file says; it counts only where nothing is wrong with it."""

    pins: tuple[Pin, ...]
    problems: tuple[LockProblem, ...]


def read_lock(content: bytes) -> LockFile:
    """Read a lock file of a stranger."""
    if len(content) > MAX_LOCK_BYTES:
        return _wrong(f"The lock file has more than {MAX_LOCK_BYTES} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _wrong("The lock file is not UTF-8.")
    pins: list[Pin] = []
    problems: list[LockProblem] = []
    for line, statement in _statements(text):
        try:
            pins.append(_pin(line, statement))
        except NotARequirement as error:
            problems.append(LockProblem(line, str(error)))
    if len(pins) > MAX_PINS:
        return _wrong(f"The lock file names more than {MAX_PINS} packages.")
    return LockFile(tuple(pins), (*problems, *_repeated(pins)))


def write_lock(pins: Iterable[Pin], head: str) -> str:
    """Give the text of a lock file, packages by name below a comment of lines."""
    comment = "".join(f"# {line}\n" for line in head.splitlines())
    return comment + "".join(pin.text() for pin in sorted(pins, key=lambda pin: pin.name))


def _wrong(message: str) -> LockFile:
    return LockFile((), (LockProblem(0, message),))


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Give what stands on a line or goes on over several, with the number of the first."""
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        plain = _COMMENT.sub("", line).strip()
        begun = begun or number
        parts.append(plain.removesuffix("\\"))
        if not plain.endswith("\\"):
            yield from _whole(begun, parts)
            begun, parts = 0, []
    yield from _whole(begun, parts)


def _whole(line: int, parts: list[str]) -> Iterator[tuple[int, str]]:
    statement = " ".join(parts).strip()
    if statement:
        yield line, statement


def _pin(line: int, statement: str) -> Pin:
    words = statement.split()
    if words[0].startswith("-"):
        raise NotARequirement(
            f"{words[0][:100]!r} is an option of pip: only packages with versions and hashes "
            "stand here, the index is the operator's to choose."
        )
    options = [word for word in words if word.startswith("--")]
    plain = " ".join(word for word in words if not word.startswith("--"))
    hashes = [found[1] for found in map(_HASH.fullmatch, options) if found]
    if not hashes or len(hashes) != len(options) or len(hashes) > MAX_HASHES:
        raise NotARequirement(
            f"{words[0][:100]!r} needs 1 to {MAX_HASHES} hashes, each like "
            "`--hash=sha256:` and 64 hex digits, and nothing else."
        )
    requirement = read_requirement(plain)
    return Pin(name_of(requirement), _version(requirement), tuple(hashes), requirement.marker, line)


def _version(requirement: Requirement) -> Version:
    exact = [each.version for each in requirement.specifier if each.operator == "=="]
    try:
        if len(exact) == len(requirement.specifier) == 1:
            return Version(exact[0])
    except InvalidVersion:
        pass  # `==1.*` stands for many
    raise NotARequirement(f"{requirement.name} needs one exact version, such as `==1.2.3`.")


def _repeated(pins: Iterable[Pin]) -> Iterator[LockProblem]:
    seen: dict[tuple[str, str], int] = {}
    for pin in pins:
        first = seen.setdefault((pin.name, str(pin.marker)), pin.line)
        if first != pin.line:
            yield LockProblem(pin.line, f"{pin.name} stands on line {first} too: keep one.")
