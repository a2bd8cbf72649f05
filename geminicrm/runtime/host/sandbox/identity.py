"""Who a host is: a user of its own, no groups, no capabilities, no life after its parent."""

import errno
import os
import signal
import struct

from geminicrm.runtime.host.sandbox.kernel import Kernel

PR_SET_PDEATHSIG, PR_SET_DUMPABLE = 1, 4
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL = 47, 4
CAPABILITY_VERSION_3 = 0x20080522
MOST_CAPABILITIES = 64  # the kernel keeps them in 64 bits; 41 are in use
NICE = 5


def threads() -> int:
    """Count the threads of this process, also those that Python does not know. Raises OSError."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - pathlib takes longer


def become(uid: int) -> None:
    """Become this user and its group of the same number, for good. Raises OSError."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def drop_bounding_set(kernel: Kernel) -> bool:
    """Take every capability out of the bounding set; False without CAP_SETPCAP.

    Nothing is lost then: with no_new_privs a program gains no capability. Raises OSError.
    """
    try:
        for capability in range(MOST_CAPABILITIES):
            kernel.prctl(PR_CAPBSET_DROP, capability)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EPERM}:
            raise
        return error.errno == errno.EINVAL  # the one after the last
    return True


def drop_capabilities(kernel: Kernel) -> None:
    """Empty the ambient, effective, permitted and inheritable sets. Raises OSError."""
    kernel.prctl(PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL)
    kernel.call("capset", struct.pack("=Ii", CAPABILITY_VERSION_3, 0), bytes(24))


def gain_nothing(kernel: Kernel) -> None:
    """Let no program that is run give more rights; what Landlock and seccomp ask for."""
    kernel.prctl(PR_SET_NO_NEW_PRIVS, 1)


def die_with(kernel: Kernel, parent: int) -> None:
    """Be killed with the parent; nobody may trace this process or read its memory.

    Changing the user forgets this, so it comes after. Raises OSError, and ProcessLookupError if
    the parent has gone already.
    """
    kernel.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    kernel.prctl(PR_SET_DUMPABLE, 0)
    if os.getppid() != parent:
        raise ProcessLookupError(errno.ESRCH, f"the parent, {parent}, has gone")
