"""What attacks are made of: what they aim at, how one is tried, raw system calls."""

import ctypes
import errno
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Target: TypeAlias = Mapping[str, Any]
"""What the test has put there: pids, paths, names, ports and a secret; see `aims.py`."""
Attack: TypeAlias = Callable[[Target], str]
"""Gives what it got hold of; any error means that it was refused."""

# Those of x86_64; what Python has no function for.
NUMBERS = {
    "clone": 56,
    "vfork": 58,
    "shmget": 29,
    "shmat": 30,
    "semget": 64,
    "msgget": 68,
    "ptrace": 101,
    "getpid": 39,
    "kill": 62,
    "syslog": 103,
    "sched_setscheduler": 144,
    "prctl": 157,
    "pivot_root": 155,
    "chroot": 161,
    "mount": 165,
    "umount2": 166,
    "tkill": 200,
    "remap_file_pages": 216,
    "mq_open": 240,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "ioprio_set": 251,
    "inotify_init1": 294,
    "rt_sigqueueinfo": 129,
    "migrate_pages": 256,
    "unshare": 272,
    "get_robust_list": 274,
    "perf_event_open": 298,
    "fanotify_init": 300,
    "name_to_handle_at": 303,
    "prlimit64": 302,
    "setns": 308,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "memfd_create": 319,
    "bpf": 321,
    "execveat": 322,
    "userfaultfd": 323,
    "pidfd_send_signal": 424,
    "io_uring_setup": 425,
    "open_tree": 428,
    "pidfd_open": 434,
    "clone3": 435,
    "openat2": 437,
    "pidfd_getfd": 438,
    "memfd_secret": 447,
}


class Missed(Exception):
    """The attack came back with empty hands."""


def attempt(attack: Attack, target: Target) -> dict[str, Any]:
    """Run one attack and say what came of it, as JSON."""
    try:
        gained = attack(target)
    except OSError as error:
        code = errno.errorcode.get(error.errno or 0, type(error).__name__)
        return {"refused": True, "how": code, "text": str(error)[:200]}
    except Exception as error:  # noqa: BLE001 - whatever refuses an attack is to be told
        return {"refused": True, "how": type(error).__name__, "text": str(error)[:200]}
    return {"went_through": gained}


def call(name: str | int, *arguments: Any) -> int:
    """Make a system call by name or number; OSError with its errno where it is refused."""
    number = NUMBERS[name] if isinstance(name, str) else name
    entry = _libc().syscall
    entry.restype = ctypes.c_long  # addresses come back too
    made: int = entry(ctypes.c_long(number), *[_wide(each) for each in arguments])
    return _checked(made, str(name))


def function(name: str, *arguments: Any) -> int:
    """Call a function of the C library that answers -1 and errno."""
    made: int = getattr(_libc(), name)(*[_wide(each) for each in arguments])
    return _checked(made, name)


def same(found: str, target: Target) -> str:
    """Give what was found if it holds the secret; Missed otherwise."""
    if target["secret"] not in found:
        raise Missed("it does not hold the secret")
    return "the secret"


def read(path: str | Path, target: Target) -> str:
    """Read a file that is to hold the secret."""
    return same(Path(path).read_bytes().decode(errors="replace"), target)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _wide(value: Any) -> Any:
    return ctypes.c_long(value) if isinstance(value, int) else value


def _checked(made: int, name: str) -> int:
    if made == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return made
