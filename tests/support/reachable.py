"""An interpreter, and code, that a user without rights can read: homes under /root are closed."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65_534
_SYSTEM = Path(f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}")
_PRINT_PATHS = "import sys, sysconfig; print(sys.prefix, sysconfig.get_path('stdlib'))"
_IGNORED = shutil.ignore_patterns("__pycache__")


@dataclass(frozen=True)
class Reach:
    """An interpreter of this version, and what it has to read to run."""

    interpreter: Path
    libraries: tuple[str, ...]


def reachable(path: Path) -> bool:
    """Tell whether everybody may go to this path and read it, wherever its links lead."""
    try:
        real = path.resolve(strict=True)
    except OSError:
        return False
    readable = real.stat().st_mode & stat.S_IROTH
    return bool(readable) and all(each.stat().st_mode & stat.S_IXOTH for each in real.parents)


@cache
def reach() -> Reach | None:
    """Give an interpreter of our version that everybody can run; None if there is none."""
    found = [each for each in (Path(sys.executable), _SYSTEM) if reachable(each)]
    return _of(found[0].resolve()) if found else None


def own() -> Reach:
    """Give our own interpreter, whoever can reach it."""
    return _of(Path(sys.executable).resolve())


def _of(interpreter: Path) -> Reach:
    command = [str(interpreter), "-I", "-S", "-c", _PRINT_PATHS]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # lib-dynload and the shared library of the interpreter lie beside the standard library.
    libraries = {str(Path(each).resolve()) for each in told.split()[1:]}
    system = ("/lib", "/lib64", "/usr/lib", "/etc/ld.so.cache", "/etc/localtime")
    return Reach(interpreter, (*sorted(libraries), str(interpreter), *system))


@contextmanager
def readable_folder(prefix: str) -> Iterator[Path]:
    """Give a folder that everybody can read; those of pytest are closed for others."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def copy(parts: Sequence[str], folder: Path) -> None:
    """Copy files and folders of the project, named from its root, to the same places there."""
    for part in parts:
        target = folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, target, ignore=_IGNORED, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / part, target)
    _open_up(folder)


def _open_up(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def for_everybody() -> Reach:
    """Give an interpreter that everybody can run; the test is skipped where there is none."""
    found = reach()
    if found is None:
        pytest.skip(f"no python {sys.version_info[:2]} that other users can run")
    return found


@pytest.fixture
def as_root() -> None:
    """Skip where we are not root."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
