"""Tries what the locks must stop, before any code of an extension is loaded."""

import errno
import os
import socket
import stat
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from geminicrm.runtime.host.sandbox.kernel import Kernel

REFUSED = frozenset({errno.EPERM, errno.EACCES})
PTRACE_PEEKDATA = 2
KEY_SPEC_PROCESS_KEYRING = -2


class ProofFailed(Exception):
    """Something went through that a layer in force must stop, or something allowed did not."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the locks do not hold: {name}")
        self.name = name


@dataclass(frozen=True)
class Proof:
    """A forbidden action, harmless if it goes through; each of these layers alone refuses it."""

    name: str
    attempt: Callable[[], object]
    layers: frozenset[str] = frozenset({"seccomp"})

    def refused(self, without: frozenset[str]) -> bool:
        """Try it; raises ProofFailed if it goes through though a layer in force must stop it."""
        try:
            self.attempt()
        except OSError as error:
            if error.errno in REFUSED:
                return True
        if self.layers - without:
            raise ProofFailed(self.name)
        return False


def prove(canary: str, without: frozenset[str], kernel: Kernel | None = None) -> tuple[str, ...]:
    """Try all forbidden actions; gives the names of those refused.

    `canary` is a file that exists and may not be read; `without` names the layers left out. Raises
    ProofFailed with the name of an action that went through though a layer in force must stop it,
    or of an allowed one that fails. `kernel` is made if none is given, at a millisecond's cost.
    """
    _allowed()
    tried = proofs(canary, kernel or Kernel())
    return tuple(proof.name for proof in tried if proof.refused(without))


def proofs(canary: str, kernel: Kernel) -> Iterator[Proof]:
    """Give every action that is tried."""
    parent = os.getppid()
    files = frozenset({"landlock"})
    both = frozenset({"landlock", "seccomp"})
    yield Proof("read the canary", lambda: _open(canary, os.O_RDONLY), files)
    yield Proof("write the canary", lambda: _open(canary, os.O_WRONLY), both)
    environment = f"/proc/{parent}/environ"
    yield Proof("read the parent's environment", lambda: _open(environment, os.O_RDONLY), files)
    yield Proof("change the canary's mode", lambda: _same_mode(canary))
    yield Proof("open an inet socket", lambda: _socket(socket.AF_INET, socket.SOCK_STREAM))
    yield Proof("open a datagram socket", lambda: _socket(socket.AF_INET, socket.SOCK_DGRAM))
    yield Proof("open a netlink socket", lambda: _socket(socket.AF_NETLINK, socket.SOCK_RAW))
    yield Proof("open a unix socket", lambda: _socket(socket.AF_UNIX, socket.SOCK_STREAM))
    yield Proof("connect a socket", _connect)
    yield Proof("fork", _fork)
    yield Proof("run a program", lambda: kernel.call("execve", b"", 0, 0))
    yield Proof("signal the parent", lambda: os.kill(parent, 0))
    yield Proof("trace the parent", lambda: kernel.call("ptrace", PTRACE_PEEKDATA, parent, 0, 0))
    yield Proof("refer to the parent", lambda: os.close(kernel.call("pidfd_open", parent, 0)))
    yield Proof("make a file in memory", lambda: os.close(kernel.call("memfd_create", b"m", 0)))
    yield Proof("set up io_uring", lambda: kernel.call("io_uring_setup", 0, 0))
    yield Proof("ask for a keyring", lambda: kernel.call("keyctl", 0, KEY_SPEC_PROCESS_KEYRING, 0))
    yield Proof("find shared memory", lambda: kernel.call("shmget", 1, 0, 0))
    yield Proof("leave a namespace", lambda: kernel.call("unshare", 0))


def _open(path: str, flags: int) -> None:
    os.close(os.open(path, flags | os.O_CLOEXEC))


def _same_mode(path: str) -> None:
    Path(path).chmod(stat.S_IMODE(Path(path).stat().st_mode))


def _socket(family: int, kind: int) -> None:
    socket.socket(family, kind).close()


def _connect() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.connect("\0nobody listens here")


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)  # pragma: no cover - ends before coverage is written
    os.waitpid(child, 0)


def _allowed() -> None:
    """Do what a host lives on: a pair of sockets, a thread."""
    try:
        one, other = socket.socketpair()
        with one, other:
            other.sendall(b".")
            one.recv(1)
        thread = threading.Thread(target=_nothing)
        thread.start()
    except (OSError, RuntimeError) as error:
        raise ProofFailed(f"work as allowed ({error})") from error
    thread.join()


def _nothing() -> None:
    return
