"""Shows which system calls of a script the filter would refuse, without refusing any.

    python -m geminicrm.runtime.host.sandbox.observe SCRIPT.py [ARGUMENT...]

Run it with a new Python or library: each line is a count and a call, with the arguments that the
list looks at. The list, in `allowed`, then gets what is missing, or the library must do without. It
ends with 1 if anything would have been refused, 2 if the script failed. Opening files is judged by
the filter alone: Landlock is not on.
"""

import fcntl
import os
import runpy
import select
import struct
import sys
from collections import Counter
from collections.abc import Sequence

from geminicrm.runtime.host.sandbox import identity, seccomp
from geminicrm.runtime.host.sandbox.allowed import CONDITIONS
from geminicrm.runtime.host.sandbox.kernel import Kernel

# include/uapi/linux/seccomp.h: SECCOMP_IOCTL_NOTIF_RECV and _SEND, with struct seccomp_notif and
# struct seccomp_notif_resp.
RECEIVE, SEND = 0xC0502100, 0xC0182101
NOTICE = struct.Struct("=QIIiIQ6Q")
ANSWER = struct.Struct("=QqiI")
CONTINUE = 1
NUMBER = struct.Struct("=i")
USAGE = "usage: python -m geminicrm.runtime.host.sandbox.observe SCRIPT.py [ARGUMENT...]\n"
REFUSED, FAILED = 1, 2


def main(arguments: Sequence[str]) -> int:
    """Run the script in a child and tell what would be refused; gives the exit code."""
    if not arguments:
        sys.stderr.write(USAGE)
        return FAILED
    kernel = Kernel()
    program = seccomp.program_for(kernel.machine, seccomp.USER_NOTIF)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        return _run(kernel, program.bytes_for(os.getpid()), writing, arguments)
    os.close(writing)
    told = os.read(reading, NUMBER.size)
    counts = _observe(kernel, child, NUMBER.unpack(told)[0]) if told else Counter[str]()
    for call, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        sys.stdout.write(f"{count:6} {call}\n")
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        return FAILED
    return REFUSED if counts else 0


def _run(kernel: Kernel, packed: bytes, writing: int, arguments: Sequence[str]) -> int:
    identity.gain_nothing(kernel)
    listener = seccomp.install(kernel, packed, seccomp.FLAG_NEW_LISTENER)
    os.write(writing, NUMBER.pack(listener))
    sys.argv = list(arguments)
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


def _observe(kernel: Kernel, child: int, number: int) -> Counter[str]:
    """Let pass and count until the child and all that it started have ended."""
    process = os.pidfd_open(child)
    listener = kernel.call("pidfd_getfd", process, number, 0)
    names = {number: name for name, number in kernel.machine.numbers.items()}
    counts: Counter[str] = Counter()
    waiting = select.poll()
    waiting.register(listener, select.POLLIN)
    while waiting.poll()[0][1] & select.POLLIN:
        notice = bytearray(NOTICE.size)
        fcntl.ioctl(listener, RECEIVE, notice)
        ident, _, _, called, _, _, *given = NOTICE.unpack(notice)
        counts[described(names.get(called, str(called)), given)] += 1
        fcntl.ioctl(listener, SEND, ANSWER.pack(ident, 0, 0, CONTINUE))
    return counts


def described(name: str, given: Sequence[int]) -> str:
    """Give a call with the arguments on which the list decides, as in "ioctl(1: 0x5401)"."""
    looked_at = sorted({check.argument for check in CONDITIONS.get(name, ())})
    shown = ", ".join(f"{each}: {given[each]:#x}" for each in looked_at)
    return f"{name}({shown})" if shown else name


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
