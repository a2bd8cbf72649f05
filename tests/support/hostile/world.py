"""What is attacked: files, a process that stands for the core, its sockets and its memory."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.reachable import Reach

SECRET = "canary-6f1d2a7c-do-not-read"
OWNER_OF_FORBIDDEN = 54_321
VICTIM = Path(__file__).with_name("victim.py")
_CLOSED, _PRIVATE, _OPEN = 0o000, 0o600, 0o644


@dataclass
class World:
    """The aims in one folder, readable by everybody: only the locks are to keep them."""

    folder: Path
    target: dict[str, Any]

    def rebuild(self) -> None:
        """Put every file back as it was."""
        for name in ("core", "own", "canary"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self._write("core/database", SECRET, _OPEN)
        (self.folder / "core/empty").mkdir()
        self._write("canary/file", SECRET, _OPEN)
        self._write("own/extension.py", "# its own code\n", _OPEN)
        self._write("own/private", SECRET, _PRIVATE)
        self._write("own/forbidden", SECRET, _CLOSED)
        if os.geteuid() == 0:
            os.chown(self.folder / "own/forbidden", OWNER_OF_FORBIDDEN, OWNER_OF_FORBIDDEN)
        (self.folder / "own/planted").symlink_to(self.folder / "core/database")
        self._give_to(self.target["owner"])

    def untouched(self) -> bool:
        """Tell whether everything is as it was."""
        return (
            self.seen() == _AS_BUILT
            and (self.folder / "core/database").read_text(encoding="utf-8") == SECRET
        )

    def seen(self) -> dict[str, str]:
        """Give what is there by path: mode and size."""
        found = {}
        for path in sorted(self.folder.glob("*/**/*")):
            facts = path.lstat()
            found[str(path.relative_to(self.folder))] = f"{facts.st_mode:o} {facts.st_size}"
        return {name: facts for name, facts in found.items() if name not in _NOT_COMPARED}

    def _write(self, name: str, text: str, mode: int) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def _give_to(self, owner: int) -> None:
        if os.geteuid() == owner:
            return
        for path in (self.folder, *self.folder.glob("*"), *self.folder.glob("*/*")):
            if path.name not in {"forbidden", "private"}:
                os.chown(path, owner, owner, follow_symlinks=False)


# The proofs may change their canary's mode where a layer is left out.
_NOT_COMPARED = frozenset({"own/planted", "canary/file"})
_AS_BUILT = {
    "core/database": f"{0o100000 | _OPEN:o} {len(SECRET)}",
    "core/empty": "40755 4096",
    "own/extension.py": f"{0o100000 | _OPEN:o} 15",
    "own/forbidden": f"{0o100000 | _CLOSED:o} {len(SECRET)}",
    "own/private": f"{0o100000 | _PRIVATE:o} {len(SECRET)}",
}


@contextmanager
def made(reach: Reach, folder: Path, user: int | None) -> Iterator[World]:
    """Give a world in `folder`, its core run by `user` (None: as we are)."""
    owner = os.geteuid() if user is None else user
    world = World(folder, {"owner": owner})
    world.rebuild()
    with _victim(reach, world, user) as (victim, facts), _neighbour(reach, user) as neighbour:
        world.target.update(
            facts,
            secret=SECRET,
            interpreter=str(reach.interpreter),
            core=victim.pid,
            supervisor=victim.pid,
            neighbour=neighbour.pid,
            core_group=victim.pid,
            folder=str(folder / "core"),
            database=str(folder / "core/database"),
            canary=str(folder / "canary/file"),
            own=str(folder / "own"),
            readable=str(folder / "own/extension.py"),
            private=str(folder / "own/private"),
            forbidden=str(folder / "own/forbidden"),
            link=str(folder / "own/planted"),
        )
        yield world


@contextmanager
def _victim(
    reach: Reach, world: World, user: int | None
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    arguments = [str(world.folder), str(world.folder / "core/database")]
    code = VICTIM.read_text(encoding="utf-8")
    with _running(reach, [code, *arguments], user, {"SECRET_KEY": SECRET}) as victim:
        assert victim.stdout is not None
        yield victim, json.loads(victim.stdout.readline())


@contextmanager
def _neighbour(reach: Reach, user: int | None) -> Iterator[subprocess.Popen[str]]:
    with _running(reach, ["input()"], user, {}) as neighbour:
        yield neighbour


@contextmanager
def _running(
    reach: Reach, code: Sequence[str], user: int | None, environ: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [str(reach.interpreter), "-I", "-S", "-c", *code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environ,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.communicate("\n", timeout=10)
