"""What a package's folder brings for its Python requirements: wheels, a lock file, or both."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geminicrm.runtime.requirements.choose import MAX_SET_BYTES
from geminicrm.runtime.requirements.lock_file import (
    LOCK_FILE,
    MAX_LOCK_BYTES,
    Pin,
    read_lock,
)
from geminicrm.runtime.requirements.problems import WheelWrong
from geminicrm.runtime.requirements.wheel import SUFFIX, Wheel, check_hashes, read_wheel

WHEELS: Final = "wheels/"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file of the package; line 0 is the whole file."""

    file: str
    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Brought:
    """Wheels that lie in the package and pins of its lock file; with problems neither counts."""

    wheels: tuple[Wheel, ...]
    pins: tuple[Pin, ...]
    problems: tuple[Problem, ...]


def read_brought(folder: Path, names: Iterable[str]) -> Brought:
    """Read wheels and lock file of a folder; `names` are the paths of its plain files.

    The hashes inside the wheels are not compared here: see `hash_problems`.
    """
    wheels: list[Wheel] = []
    pins: tuple[Pin, ...] = ()
    problems: list[Problem] = []
    for name in sorted(names):
        if name == LOCK_FILE:
            with (folder / name).open("rb") as file:
                lock = read_lock(file.read(MAX_LOCK_BYTES + 1))
            pins = lock.pins
            problems += [
                Problem(name, one.line, "lock_wrong", one.message) for one in lock.problems
            ]
        if name.startswith(WHEELS):
            read = _wheel(folder, name)
            wheels += [read] if isinstance(read, Wheel) else []
            problems += [read] if isinstance(read, Problem) else []
    return Brought(tuple(wheels), pins, (*problems, *_too_large(wheels)))


def hash_problems(wheels: Iterable[Wheel]) -> Iterator[Problem]:
    """Compare the files of each wheel with its own record."""
    for wheel in wheels:
        try:
            check_hashes(wheel)
        except WheelWrong as error:
            yield Problem(f"{WHEELS}{wheel.path.name}", 0, "wheel_wrong", str(error))


def _wheel(folder: Path, name: str) -> Wheel | Problem:
    if not name.endswith(SUFFIX) or name.count("/") > 1:
        message = "Only wheels (.whl) lie in wheels/: packages that have to be built are not taken."
        return Problem(name, 0, "not_a_wheel", message)
    try:
        return read_wheel(folder / name)
    except WheelWrong as error:
        return Problem(name, 0, "wheel_wrong", str(error))


def _too_large(wheels: Iterable[Wheel]) -> Iterator[Problem]:
    size = sum(wheel.size for wheel in wheels)
    if size > MAX_SET_BYTES:
        message = f"The wheels have {size} bytes unpacked; {MAX_SET_BYTES} are allowed."
        yield Problem(WHEELS, 0, "too_large", message)
