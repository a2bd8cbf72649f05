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
    processes: int = 64
    """Threads, where the host has a user of its own: the kernel counts all of a user's."""

    def table(self, *, own_user: bool) -> dict[int, int]:
        """Give each limit by its number of the kernel."""
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
        threads = {resource.RLIMIT_NPROC: self.processes} if own_user else {}
        return {**none, **some, **threads}


def limit(limits: Limits, *, own_user: bool) -> None:
    """Set the limits for good, never above what is in force. Raises OSError or ValueError."""
    for which, value in limits.table(own_user=own_user).items():
        _, hard = resource.getrlimit(which)
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (least, least))
