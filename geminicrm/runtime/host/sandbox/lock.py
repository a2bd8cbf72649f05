"""Locks up the process that is to run an extension's code: all layers, in the right order.

Rights go last to first: what needs the kernel's favour (limits, the user, capabilities) comes
before what takes the means away (Landlock, then seccomp, which ends every further change).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from geminicrm.runtime.host.sandbox import identity, landlock, limits, seccomp
from geminicrm.runtime.host.sandbox.bpf import Program
from geminicrm.runtime.host.sandbox.kernel import Kernel, NoKernel

MANDATORY = ("rlimits", "capabilities", "parent", "landlock", "seccomp")
LEFT_OUT = "off: left out"


class LockFailed(Exception):
    """A mandatory layer could not be applied: no code of an extension may run here."""

    def __init__(self, layer: str, reason: str) -> None:
        super().__init__(f"{layer}: {reason}")
        self.layer = layer
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Locks:
    """How a host is locked up.

    `reads` are the paths (files; folders with all below) it may read. `uid` is its own user; None
    leaves the user as it is, and `uid_off` says why. `without` names layers to leave out,
    `landlock_abi` masks newer rights: for tests. `observe` has the kernel log what the filter would
    refuse, and lets it pass. `parent` is the pid with which it must die.
    """

    reads: tuple[str, ...]
    parent: int
    uid: int | None = None
    uid_off: str = "no user of its own was given"
    without: frozenset[str] = frozenset()
    landlock_abi: int | None = None
    observe: bool = False


@dataclass(frozen=True)
class Prepared:
    """What is the same for all hosts; made once, before forking. Nothing is kept open."""

    kernel: Kernel
    program: Program


def prepare() -> Prepared:
    """Assemble the filter; raises LockFailed where this system can't be used."""
    try:
        kernel = Kernel()
    except NoKernel as error:
        raise LockFailed("seccomp", str(error)) from error
    return Prepared(kernel, seccomp.program_for(kernel.machine))


def lock_up(locks: Locks, prepared: Prepared | None = None) -> dict[str, str]:
    """Lock this process up for good, as its only thread; gives the level by layer.

    A level is "on", "on (what exactly)" or "off: the reason". Raises LockFailed if a mandatory
    layer that is not left out can't be applied, or if there are more threads; the process must end
    then.
    """
    return _Applying(locks, prepared or prepare()).all()


class _Applying:
    def __init__(self, locks: Locks, prepared: Prepared) -> None:
        self._locks = locks
        self._prepared = prepared
        self._kernel = prepared.kernel

    def all(self) -> dict[str, str]:
        """Apply each layer, in the order in which they stand here."""
        steps: dict[str, Callable[[], str]] = {
            "cgroup": self._cgroup,
            "rlimits": self._rlimits,
            "uid": self._uid,
            "capabilities": self._capabilities,
            "parent": self._parent,
            "landlock": self._landlock,
            "seccomp": self._seccomp,
        }
        self._apply("threads", self._single_thread)
        self._apply("no_new_privs", self._no_new_privs)
        return {layer: self._apply(layer, step) for layer, step in steps.items()}

    def _apply(self, layer: str, step: Callable[[], str]) -> str:
        if layer in self._locks.without:
            return LEFT_OUT
        try:
            return step()
        except (OSError, ValueError) as error:
            raise LockFailed(layer, str(error)) from error

    def _single_thread(self) -> str:
        # Landlock and the capabilities bind the calling thread alone.
        if (count := identity.threads()) != 1:
            raise ValueError(f"{count} threads run; only a process with one can be locked up")
        return "on"

    def _no_new_privs(self) -> str:
        identity.gain_nothing(self._kernel)
        return "on"

    def _cgroup(self) -> str:
        return "off: not delegated"

    @property
    def _own_user(self) -> bool:
        return self._locks.uid is not None and "uid" not in self._locks.without

    def _rlimits(self) -> str:
        limits.limit(limits.Limits(), own_user=self._own_user)
        counted = self._own_user or os.geteuid() != 0
        return "on" if counted else "on (but threads: root's are not counted)"

    def _uid(self) -> str:
        if self._locks.uid is None:
            return f"off: {self._locks.uid_off}"
        if "capabilities" not in self._locks.without:
            # Only the old user may; the new one has no capabilities left.
            identity.drop_bounding_set(self._kernel)
        identity.become(self._locks.uid)
        return f"on ({self._locks.uid})"

    def _capabilities(self) -> str:
        identity.drop_bounding_set(self._kernel)
        identity.drop_capabilities(self._kernel)
        return "on"

    def _parent(self) -> str:
        os.nice(identity.NICE)
        identity.die_with(self._kernel, self._locks.parent)
        return "on"

    def _landlock(self) -> str:
        abi = landlock.restrict(self._kernel, self._locks.reads, self._locks.landlock_abi)
        return f"on (ABI {abi})"

    def _seccomp(self) -> str:
        program = self._prepared.program
        if self._locks.observe:
            program = seccomp.program_for(self._kernel.machine, seccomp.LOG)
        seccomp.install(self._kernel, program.bytes_for(os.getpid()))
        return "off: observing" if self._locks.observe else "on"
