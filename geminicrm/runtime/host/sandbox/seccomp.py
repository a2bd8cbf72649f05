"""The filter of system calls: made from the list of what is allowed, put on with seccomp(2)."""

import ctypes
import errno
from collections.abc import Iterator
from itertools import groupby

from geminicrm.runtime.host.sandbox.allowed import CONDITIONS, FREE, NOT_WRITABLE, UNKNOWN
from geminicrm.runtime.host.sandbox.bpf import (
    AUDIT,
    EQUAL,
    LOAD,
    NUMBER,
    SIZE,
    Instruction,
    Piece,
    Program,
    all_of,
    search,
    verdict,
)
from geminicrm.runtime.host.sandbox.kernel import Kernel
from geminicrm.runtime.host.sandbox.syscalls import Machine

KILL_PROCESS = 0x80000000
ERRNO = 0x00050000
USER_NOTIF = 0x7FC00000
LOG = 0x7FFC0000
ALLOW = 0x7FFF0000

PR_GET_SECCOMP, PR_SET_SECCOMP = 21, 22
MODE_FILTER = 2
SET_MODE_FILTER, GET_ACTION_AVAIL = 1, 2
FLAG_TSYNC, FLAG_NEW_LISTENER = 1, 8


def refusal_of(name: str) -> int:
    """Give the answer to a call by name that is refused."""
    if name in NOT_WRITABLE:
        return ERRNO | errno.EACCES
    return ERRNO | (errno.ENOSYS if name in UNKNOWN else errno.EPERM)


def program_for(machine: Machine, refusal: int | None = None) -> Program:
    """Assemble the filter; `refusal` is given instead of every error, for observing.

    The kernel keeps by number what is always allowed, so the search costs only the others.
    """
    runs = list(_runs(machine, refusal))
    known = [Instruction(LOAD, NUMBER), *search(runs)]
    right_machine = Instruction(EQUAL, machine.audit, 1, 0)
    return Program(
        [Instruction(LOAD, AUDIT), right_machine, *verdict(KILL_PROCESS), *known],
    )


def _runs(machine: Machine, refusal: int | None) -> Iterator[tuple[int, Piece]]:
    """Give the lowest number and the piece of each run of numbers that are answered alike."""
    names = {number: name for name, number in machine.numbers.items()}
    refused = ERRNO | errno.EPERM if refusal is None else refusal
    newer = ERRNO | errno.ENOSYS if refusal is None else refusal
    numbers = range(machine.newest + 1)
    pieces = [
        _piece(names[each], refusal) if each in names else verdict(refused) for each in numbers
    ]
    for _, group in groupby(numbers, key=lambda each: tuple(pieces[each])):
        lowest = next(group)
        yield lowest, pieces[lowest]
    # As on an older kernel: libraries try what is new and fall back.
    yield machine.newest + 1, verdict(newer)
    if machine.foreign is not None:
        yield machine.foreign, verdict(KILL_PROCESS)


def _piece(name: str, refusal: int | None) -> Piece:
    if name in FREE:
        return verdict(ALLOW)
    otherwise = verdict(refusal_of(name) if refusal is None else refusal)
    if name in CONDITIONS:
        return [*all_of(CONDITIONS[name], ALLOW), *otherwise]
    return otherwise


class _Filter(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def install(kernel: Kernel, packed: bytes, flags: int = FLAG_TSYNC) -> int:
    """Put the filter on all threads, for good; gives the listener's descriptor if asked for one.

    The process must have no_new_privs or CAP_SYS_ADMIN. Raises OSError.
    """
    program = _Filter(len(packed) // SIZE, packed)
    address = ctypes.addressof(program)
    try:
        return kernel.call("seccomp", SET_MODE_FILTER, flags, address)
    except OSError as error:
        if error.errno != errno.ENOSYS or flags != FLAG_TSYNC:
            raise
        return kernel.prctl(PR_SET_SECCOMP, MODE_FILTER, address)


def available(kernel: Kernel) -> bool:
    """Tell whether a filter that kills and refuses could be put on; nothing is changed."""
    try:
        for action in (KILL_PROCESS, ERRNO):
            kernel.call("seccomp", GET_ACTION_AVAIL, 0, action.to_bytes(4, "little"))
    except OSError:
        return False
    return True
