"""The resource limits of a host."""

import resource
from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Soft and hard limits alike; sizes in bytes. Time is the core's: a call has a deadline."""

    files: int = 256
    address_space: int = 1024 * MIB
    data: int = 512 * MIB
    stack: int = 8 * MIB
    pending_signals: int = 64
    own_threads: int = 64
    user_threads: int = 4096
    """All threads of a user are counted together: few where a host has a user of its own, else
    room for what else the user runs. Root is not counted at all."""

    def table(self, *, own_user: bool) -> dict[int, int]:
        """Give each limit by its number of the kernel; `own_user`: no other process has it."""
        none = {
            resource.RLIMIT_FSIZE: 0,
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_MEMLOCK: 0,
            resource.RLIMIT_MSGQUEUE: 0,
            resource.RLIMIT_RTPRIO: 0,
            resource.RLIMIT_NICE: 0,
        }
        some = {
            resource.RLIMIT_NOFILE: self.files,
            resource.RLIMIT_AS: self.address_space,
            resource.RLIMIT_DATA: self.data,
            resource.RLIMIT_STACK: self.stack,
            resource.RLIMIT_SIGPENDING: self.pending_signals,
        }
        threads = self.own_threads if own_user else self.user_threads
        return {**none, **some, resource.RLIMIT_NPROC: threads}


def limit(limits: Limits, *, own_user: bool) -> None:
    """Set the limits for good, never above what is in force. Raises OSError or ValueError."""
    for which, value in limits.table(own_user=own_user).items():
        _, hard = resource.getrlimit(which)
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (least, least))
