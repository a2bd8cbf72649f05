"""New processes and programs, and system calls by other doors."""

import ctypes
import mmap
import os
import signal
import subprocess

from .tools import NUMBERS, Attack, Target, call, function

_TRUE = "/bin/true"
_X32 = 0x40000000
_GETPID_OF_I386 = 20
# push rbx; mov eax, 20; int 0x80; pop rbx; ret: getpid by the call gate of 32-bit programs
_OLD_GATE = bytes.fromhex("53b814000000cd805bc3")
# mov eax, 39; syscall; ret: getpid by code of its own making
_OWN_CODE = bytes.fromhex("b8270000000f05c3")


def _reaped(child: int) -> str:
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return "a process was made"


def fork(_target: Target) -> str:
    return _reaped(os.fork())


def fork_by_clone(_target: Target) -> str:
    return _reaped(call("clone", int(signal.SIGCHLD), 0, 0, 0, 0))


def fork_in_disguise(_target: Target) -> str:
    """CLONE_VM and the others of a thread, but for CLONE_THREAD itself; the child ends at once."""
    vm_files_sighand, parent_settid = 0x100 | 0x400 | 0x800, 0x00100000
    word = ctypes.c_int()
    # Without CLONE_VM a copy is made, which is safe to end here.
    flags = (vm_files_sighand & ~0x900) | parent_settid | int(signal.SIGCHLD)
    return _reaped(call("clone", flags, 0, ctypes.byref(word), 0, 0))


def clone_into_namespace(_target: Target) -> str:
    return _reaped(call("clone", 0x10000000 | int(signal.SIGCHLD), 0, 0, 0, 0))


def clone3(_target: Target) -> str:
    arguments = bytes(32) + int(signal.SIGCHLD).to_bytes(8, "little") + bytes(24)
    return _reaped(call("clone3", arguments, len(arguments)))


def vfork_and_run(_target: Target) -> str:
    """What subprocess does where it can."""
    return str(subprocess.run([_TRUE], check=True).returncode)


def spawn(_target: Target) -> str:
    child = os.posix_spawn(_TRUE, [_TRUE], {})
    os.waitpid(child, 0)
    return "a program ran"


def system(_target: Target) -> str:
    """It tells a failure by its number alone."""
    if function("system", b"exit 7") != 7 << 8:
        raise PermissionError(1, "no shell was run")
    return "a shell ran"


def execute(_target: Target) -> str:
    os.execv(_TRUE, [_TRUE])


def execute_interpreter(target: Target) -> str:
    """Its own interpreter can be read; a fresh one would have other locks on its way up."""
    os.execv(target["interpreter"], [target["interpreter"], "-I", "-S", "-c", ""])


def execute_by_descriptor(_target: Target) -> str:
    file = os.open(_TRUE, os.O_RDONLY)
    nothing = (ctypes.c_char_p * 2)(_TRUE.encode(), None)
    call("execveat", file, b"", nothing, None, 0x1000)
    return "executed"


def execute_from_memory(_target: Target) -> str:
    file = os.memfd_create("hostile", 0)
    os.write(file, b"#!/bin/sh\nexit 0\n")
    os.execv(f"/proc/self/fd/{file}", ["hostile"])


def file_in_memory(_target: Target) -> str:
    return f"descriptor {os.memfd_create('hostile')}"


def secret_memory(_target: Target) -> str:
    return f"descriptor {call('memfd_secret', 0)}"


def _run_code(code: bytes) -> int:
    room = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    room.write(code)
    start = ctypes.addressof(ctypes.c_char.from_buffer(room))
    return int(ctypes.CFUNCTYPE(ctypes.c_long)(start)())


def thirty_two_bit_call(_target: Target) -> str:
    """The numbers of that gate are others: what is harmless by one is not by the other."""
    answer = _run_code(_OLD_GATE)
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return f"getpid gave {answer}"


def x32_call(_target: Target) -> str:
    return f"getpid gave {call(_X32 | NUMBERS['getpid'])}"


def x32_fork(_target: Target) -> str:
    return _reaped(call(_X32 | 57))


def number_out_of_range(_target: Target) -> str:
    return f"gave {call(9_999)}"


def wrapped_number(target: Target) -> str:
    """The number of kill() with a bit above the lower 32, which a sloppy filter does not see."""
    return f"gave {call(NUMBERS['kill'] | 1 << 32, target['core'], int(signal.SIGURG))}"


ATTACKS: dict[str, Attack] = {
    each.__name__: each
    for each in (
        fork, fork_by_clone, fork_in_disguise, clone_into_namespace, clone3, vfork_and_run, spawn,
        system, execute, execute_interpreter, execute_by_descriptor, execute_from_memory,
        file_in_memory, secret_memory, thirty_two_bit_call, x32_call, x32_fork,
        number_out_of_range, wrapped_number,
    )
}  # fmt: skip
