"""Processes that lock themselves up, try things and tell what became of each."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).resolve().parents[2])
SYSTEM_PYTHON = "/usr/bin/python3"
CHILD = """
import ctypes, errno, fcntl, json, mmap, os, resource, signal, socket, sys, threading, time
sys.path.insert(0, sys.argv[1])
from geminicrm.runtime.host.sandbox import proof
from geminicrm.runtime.host.sandbox.lock import Locks, LockFailed, lock_up, prepare

given = json.loads(sys.argv[2])
before, attempts, locks = given["before"], given["attempts"], given["locks"]
parent = os.getppid()
prepared = prepare()
syscall = prepared.kernel.call
names = dict(globals())
exec(before, names)
locks.setdefault("parent", names["parent"])
locks |= {"reads": tuple(locks["reads"]), "without": frozenset(locks.get("without", ()))}
told = {"level": lock_up(Locks(**locks), prepared), "tried": {}}

def outcome(code):
    try:
        value = eval(code, names)
    except OSError as error:
        return errno.errorcode[error.errno]
    except Exception as error:
        return type(error).__name__
    return value if isinstance(value, (bool, int, str, list)) else "went through"

for name, code in attempts.items():
    told["tried"][name] = outcome(code)
print(json.dumps(told), flush=True)
"""


def reads_of(python: str) -> list[str]:
    """Give the paths that an interpreter needs to work."""
    code = "import sys; print(sys.base_prefix)"
    prefix = subprocess.check_output([python, "-I", "-S", "-c", code], text=True).strip()
    return [f"{prefix}/lib", "/lib", "/lib64", "/usr/lib", "/etc/ld.so.cache"]


class Locked:
    """What a locked process told: its level and the outcome of each attempt."""

    def __init__(self, done: "subprocess.CompletedProcess[str]") -> None:
        self.code = done.returncode
        self.errors = done.stderr
        told: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
        self.level: dict[str, str] = told.get("level", {})
        self._tried: dict[str, object] | None = told.get("tried")

    @property
    def tried(self) -> dict[str, object]:
        """The outcomes: the name of an errno or error, a value, or "went through"."""
        if self._tried is None:
            raise AssertionError(f"the locked process ended with {self.code}\n{self.errors}")
        return self._tried


def locked(
    attempts: Mapping[str, str], *, before: str = "", python: str = sys.executable, **locks: object
) -> Locked:
    """Run the attempts (Python expressions by name) in a process that locks itself up first.

    `before` is run unlocked. `locks` are the fields of Locks; the interpreter can be read always.
    """
    reads = [*reads_of(python), *locks.pop("reads", ())]  # type: ignore[misc]  # a list of paths
    given = {"before": before, "attempts": dict(attempts), "locks": {"reads": reads, **locks}}
    command = [python, "-I", "-S", "-B", "-c", CHILD, ROOT, json.dumps(given)]
    return Locked(
        subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env={})
    )
