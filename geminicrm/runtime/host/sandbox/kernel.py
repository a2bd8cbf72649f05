"""Calls of the kernel by number or through prctl, with errors as OSError."""

import ctypes
import os
from os import uname

from geminicrm.runtime.host.sandbox.syscalls import Machine, machine_named


class NoKernel(Exception):
    """No Linux, or one for a processor whose system calls are not known here."""


class Kernel:
    """The running kernel, reached through libc; raises NoKernel where there is none of ours."""

    def __init__(self) -> None:
        name = uname()
        machine = machine_named(name.machine)
        if name.sysname != "Linux":
            raise NoKernel(f"{name.sysname} is not Linux")
        if machine is None:
            raise NoKernel(f"no table of system calls for {name.machine}")
        self.machine: Machine = machine
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.syscall.restype = ctypes.c_long

    def call(self, name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char]) -> int:
        """Call by name; numbers go as long, bytes and buffers by their address.

        Raises OSError with the kernel's reason.
        """
        given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
        answer = self._libc.syscall(ctypes.c_long(self.machine.numbers[name]), *given)
        if answer == -1:
            code = ctypes.get_errno()
            raise OSError(code, f"{name}: {os.strerror(code)}")
        return int(answer)

    def prctl(self, option: int, *arguments: int) -> int:
        """Call prctl; missing arguments are 0, which newer options insist on."""
        return self.call("prctl", option, *arguments, *[0] * (4 - len(arguments)))
