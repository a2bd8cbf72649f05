"""The zygote forks, signals and reaps; here inside of the test's own process."""

import array
import ctypes
import gc
import os
import signal
import socket
import sys
import threading

import msgspec
import pytest

from geminicrm.runtime.host import zygote as zygote_module
from geminicrm.runtime.host.control import (
    Awake,
    Born,
    Ended,
    Fork,
    FromZygote,
    HostSpec,
    NotBorn,
    Signal,
)
from geminicrm.runtime.host.place import Place
from geminicrm.runtime.host.zygote import Zygote, follow

SPEC = HostSpec("inst", "ext", "sha256:a", "/nowhere", "extension.py")
PLACE = Place(
    generation=7, reads=(), canary="/", uid=None, uid_off="", idle_seconds=1.0, parent=os.getpid()
)


def talks(_spec, place, _listener, status):
    """A host that says its generation and waits for a signal."""
    os.write(1, b"printed\n")
    status.sendall(str(place.generation).encode())
    signal.pause()


def breaks(*_):
    sys.stderr = os.fdopen(2, "w", buffering=1)  # as a host does it
    raise ValueError("a host that breaks")


class Supervisor:
    """The other end of the channel."""

    def __init__(self, channel):
        self.channel = channel
        self.reports = []
        self.log, self.its_log = os.pipe()
        self.status, self.its_status = socket.socketpair()

    def hear(self):
        self.reports.append(msgspec.msgpack.decode(self.channel.recv(65536), type=FromZygote))
        return self.reports[-1]

    def say(self, request, descriptors=()):
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self.channel.sendmsg([msgspec.msgpack.encode(request)], beside if descriptors else [])

    def fork(self):
        listener = socket.socket(socket.AF_UNIX)
        self.say(Fork(SPEC, PLACE), (listener.fileno(), self.its_status.fileno(), self.its_log))
        listener.close()
        self.its_status.close()
        os.close(self.its_log)
        return self.hear()

    def printed(self):
        with open(self.log, "rb", closefd=False) as log:
            return log.read().decode()

    def close(self):
        self.channel.close()
        self.status.close()
        os.close(self.log)


@pytest.fixture
def run_zygote():
    """Run a zygote in the main thread, as signals want it, and its supervisor beside it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    supervisor = Supervisor(ours)

    def run(be_host, does):
        with its:
            side = threading.Thread(target=_to_the_end, args=(supervisor, does))
            side.start()
            code = Zygote(its, be_host).run()
            side.join()
        return code

    yield run
    supervisor.close()
    gc.unfreeze()


def _to_the_end(supervisor, does):
    try:
        does(supervisor)
    finally:
        supervisor.channel.shutdown(socket.SHUT_RDWR)


def test_a_host_is_forked_signalled_and_reaped(run_zygote):
    seen = []

    def does(supervisor):
        seen.append(supervisor.hear())
        born = supervisor.fork()
        seen.extend((born, supervisor.status.recv(10)))
        supervisor.say(Signal(2**22 + 1, signal.SIGKILL))
        supervisor.say(Signal(born.pid, signal.SIGTERM))
        seen.extend((supervisor.hear(), supervisor.printed()))

    assert run_zygote(talks, does) == 0
    awake, born, generation, ended, printed = seen
    assert awake == Awake()
    assert (born.generation, generation) == (7, b"7")
    assert ended == Ended(born.pid, -signal.SIGTERM)
    assert printed == "printed\n"


def test_a_host_that_breaks_says_so_in_its_log(run_zygote):
    seen = []

    def does(supervisor):
        supervisor.hear()
        supervisor.fork()
        seen.extend((supervisor.hear(), supervisor.printed()))

    run_zygote(breaks, does)
    assert seen[0].code == 70
    assert "ValueError: a host that breaks" in seen[1]


def test_a_fork_that_fails_is_reported(run_zygote, monkeypatch):
    def refuse():
        raise BlockingIOError(11, "no more processes")

    monkeypatch.setattr(os, "fork", refuse)
    seen = []

    def does(supervisor):
        supervisor.hear()
        seen.append(supervisor.fork())

    run_zygote(talks, does)
    (report,) = seen
    assert isinstance(report, NotBorn)
    assert (report.generation, "no more processes" in report.reason) == (7, True)


class _Library:
    def __init__(self, code):
        self.code = code

    def prctl(self, *_):
        return self.code


def test_a_zygote_that_can_not_follow_does_not_live(monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: _Library(-1))
    with pytest.raises(OSError, match="can't follow"):
        follow(os.getppid())


def test_a_zygote_whose_supervisor_is_gone_ends(monkeypatch):
    ended = []
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: _Library(0))
    monkeypatch.setattr(os, "_exit", ended.append)
    follow(os.getppid())
    assert ended == []
    follow(os.getppid() + 1)
    assert ended == [70]


def test_the_zygote_serves_the_channel_that_it_is_given(monkeypatch):
    followed = []
    monkeypatch.setattr(zygote_module, "follow", followed.append)
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        ours.shutdown(socket.SHUT_WR)
        assert zygote_module.main(its.detach(), 42) == 0
    gc.unfreeze()
    assert followed == [42]


def test_reports_are_read_by_the_supervisor():
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(Born(7, 9)), type=FromZygote) == Born(7, 9)
