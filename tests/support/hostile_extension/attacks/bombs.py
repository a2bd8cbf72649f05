"""What eats a machine: memory, threads, descriptors, files, the stack; and ways to end."""

import ctypes
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

from .tools import Attack, Target

_STOP_SECONDS = 5.0
_MIB = 1024 * 1024
# More than any limit of a host, and less than what would hurt a machine that has none.
_MOST_MIB, _MOST_THREADS, _MOST_FILES = 6_000, 3_000, 20_000


def memory(_target: Target) -> str:
    eaten = [bytearray(50 * _MIB) for _ in range(_MOST_MIB // 50)]
    return f"{50 * len(eaten)} MiB"


def memory_at_once(_target: Target) -> str:
    return f"{len(bytearray(_MOST_MIB * _MIB)) // _MIB} MiB"


def locked_memory(_target: Target) -> str:
    room = ctypes.create_string_buffer(64 * _MIB)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlock(ctypes.c_void_p(ctypes.addressof(room)), ctypes.c_size_t(64 * _MIB)):
        raise OSError(ctypes.get_errno(), "mlock")
    return "64 MiB"


def threads(_target: Target) -> str:
    free = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(_MOST_THREADS):
            thread = threading.Thread(target=free.wait, daemon=True)
            thread.start()
            started.append(thread)
    finally:
        free.set()
    return f"{len(started)} threads"


def descriptors(_target: Target) -> str:
    made: list[int] = []
    try:
        for _ in range(_MOST_FILES):
            made += os.pipe()
    finally:
        for each in made:
            os.close(each)
    return f"{len(made)} descriptors"


def large_file(target: Target) -> str:
    """A file that it can write needs a hole in another layer first."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Path(target["folder"], "large").open("wb") as file:
        file.truncate(200 * _MIB)
    return "200 MiB"


def deep_recursion(_target: Target) -> str:
    def deeper(level: int) -> int:
        return deeper(level + 1)

    return str(deeper(0))


def broken_stack(_target: Target) -> str:
    """Without Python's own limit the stack itself ends, and the process with it."""
    sys.setrecursionlimit(10**9)
    nested: list[object] = []
    for _ in range(10**6):
        nested = [nested]
    return str(len(repr(nested)))


def endless_loop(_target: Target) -> str:
    while True:
        pass


def endless_pattern(_target: Target) -> str:
    """In C, with the interpreter's lock held: no thread of the host gets its turn."""
    return str(re.match(r"(a+)+$", "a" * 64 + "!"))


def exit_python(_target: Target) -> str:
    sys.exit(3)


def exit_at_once(_target: Target) -> str:
    os._exit(3)


def abort(_target: Target) -> str:
    os.abort()


def kill_itself(_target: Target) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return "still there"


def stop_itself(_target: Target) -> str:
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(_STOP_SECONDS)  # another thread may be the first to stop
    return "went on"


def wild_pointer(_target: Target) -> str:
    return str(ctypes.string_at(8))


def close_everything(_target: Target) -> str:
    """Its connection, its listener and its log too."""
    os.closerange(0, 1_024)
    return "closed"


def log_flood(_target: Target) -> str:
    line = "flood " * 150
    for number in range(20_000):
        print(number, line, flush=True)  # noqa: T201 - the attack
    return "18 MB printed"


def binary_log(_target: Target) -> str:
    os.write(1, b"\x00\xff\x1b[2J\r\n" * 100 + b"no end of line")
    return "printed"


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        memory, memory_at_once, locked_memory, threads, descriptors, large_file, deep_recursion,
        broken_stack, endless_loop, endless_pattern, exit_python, exit_at_once, abort, kill_itself,
        stop_itself, wild_pointer, close_everything, log_flood, binary_log,
    )
}  # fmt: skip
