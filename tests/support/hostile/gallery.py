"""Where attacks are tried one by one: a world, a range beside it, and the locks between."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from tests.support.hostile.world import World, made
from tests.support.reachable import Reach, copy, readable_folder

CODE = (
    "geminicrm/__init__.py",
    "geminicrm/runtime/__init__.py",
    "geminicrm/runtime/host",
    "tests/__init__.py",
    "tests/support/__init__.py",
    "tests/support/hostile",
    "tests/support/hostile_extension",
)
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]);"
    "from tests.support.hostile.shooting_range import main; main()"
)
OWN_USER = 61_234
_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How the attacked process is locked; `own_user` gives it a user of its own (as root only)."""

    own_user: bool = False
    without: tuple[str, ...] = ()
    abi: int | None = None

    @override
    def __str__(self) -> str:
        parts = [f"ABI {self.abi}"] if self.abi else []
        parts += ["own user"] if self.own_user else []
        parts += [f"without {each}" for each in self.without]
        return ", ".join(parts) or "all locks"


@dataclass
class Gallery:
    """Attacks at will; one world for all of them, which is put back after each that got through."""

    world: World
    process: subprocess.Popen[str]
    reads: tuple[str, ...]

    def try_one(self, attack: str, setting: Setting | None) -> dict[str, Any]:
        """Give what came of one attack under this setting; None is without any lock."""
        self.begin(attack, setting)
        assert self.process.stdout is not None
        outcome: dict[str, Any] = json.loads(self.process.stdout.readline())
        return outcome

    def begin(self, attack: str, setting: Setting | None) -> None:
        """Have one attack tried, and don't wait for what comes of it."""
        order = {
            "attack": attack,
            "target": self.world.target,
            "locks": self._locks(setting),
            "seconds": _SECONDS,
        }
        assert self.process.stdin is not None
        print(json.dumps(order), file=self.process.stdin, flush=True)

    def locked_child(self) -> int:
        """Give the pid of the process that is locked up now; 0 while there is none."""
        found = (each for each in Path("/proc").glob("[0-9]*/status") if self._is_locked(each))
        return next((int(each.parent.name) for each in found), 0)

    def _is_locked(self, status: Path) -> bool:
        try:
            lines = status.read_text(encoding="utf-8").splitlines()
        except OSError:  # gone meanwhile
            return False
        return {f"PPid:\t{self.process.pid}", "Seccomp:\t2"} <= set(lines)

    def _locks(self, setting: Setting | None) -> dict[str, Any] | None:
        if setting is None:
            return None
        return {
            "reads": self.reads,
            "uid": OWN_USER if setting.own_user else None,
            "without": setting.without,
            "landlock_abi": setting.abi,
        }


@contextmanager
def opened(reach: Reach, user: int | None) -> Iterator[Gallery]:
    """Give a gallery run by `user` (None: as we are)."""
    with readable_folder("geminicrm-hostile-") as folder:
        code, aims = folder / "code", folder / "aims"
        aims.mkdir()
        copy(CODE, code)
        os.chown(aims, *([os.geteuid()] * 2 if user is None else [user] * 2))
        with made(reach, aims, user) as world, _range(reach, str(code), user) as process:
            yield Gallery(world, process, (*reach.libraries, str(code), str(aims / "own")))


@contextmanager
def _range(reach: Reach, code: str, user: int | None) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [str(reach.interpreter), "-I", "-S", "-c", _BOOT, code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"LANG": "C.UTF-8"},
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        start_new_session=True,
    )
    # Closed one by one: what is attacked may outlive the range and hold the other ends.
    with process:
        yield process
