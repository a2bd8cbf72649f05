"""The supervisor's side of the zygote, with other programs in its place."""

import os
import signal
import socket
import sys

import msgspec
import pytest

from geminicrm.runtime.host.control import Awake, Born, Ended, Fork, NotBorn
from geminicrm.runtime.host.place import Place
from geminicrm.runtime.supervisor import zygotes as zygotes_module
from geminicrm.runtime.supervisor.endings import in_words
from geminicrm.runtime.supervisor.launching import LaunchFailed
from geminicrm.runtime.supervisor.loop import Loop
from geminicrm.runtime.supervisor.zygotes import Zygotes
from tests.support.waiting import eventually
from tests.unit.runtime.supervisor.conftest import spec

PLACE = Place(
    generation=7,
    reads=("/" + "x" * 1_500,) * 20,
    canary="/",
    uid=None,
    uid_off="",
    idle_seconds=1.0,
    parent=1,
)
SAYS = """
import socket, sys
channel = socket.socket(fileno=int(sys.argv[2]))
for packet in {packets!r}:
    channel.send(packet)
channel.recv(1)
"""


class Heard:
    def __init__(self):
        self.all = []

    def born(self, *facts):
        self.all.append(("born", *facts))

    def not_born(self, *facts):
        self.all.append(("not born", *facts))

    def ended(self, *facts):
        self.all.append(("ended", *facts))

    def all_ended(self, reason):
        self.all.append(("all ended", reason))


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def zygotes(loop, tmp_path, monkeypatch):
    monkeypatch.setattr(zygotes_module, "_END_SECONDS", 0.1)
    made = Zygotes(loop, tmp_path)
    made.heard = Heard()
    yield made
    made.close()


@pytest.fixture
def boot(monkeypatch):
    return lambda text: monkeypatch.setattr(zygotes_module, "BOOT", text)


def hear(loop, zygotes, count):
    def enough():
        loop.step(0.05)
        return len(zygotes.heard.all) >= count

    eventually(enough, 30.0)
    return zygotes.heard.all


def test_what_it_reports_is_told(loop, zygotes, boot):
    reports = (Awake(), Born(7, 99), NotBorn(8, "no memory"), Ended(99, -9))
    boot(SAYS.format(packets=[msgspec.msgpack.encode(report) for report in reports]))
    pid = zygotes.start()
    assert zygotes.start() == zygotes.pid == pid
    assert hear(loop, zygotes, 3) == [
        ("born", 7, 99),
        ("not born", 8, "no memory"),
        ("ended", 99, -9),
    ]


def test_one_that_does_not_come_up_is_not_tried_at_once_again(loop, zygotes, boot):
    boot("import sys; sys.exit(3)")
    zygotes.start()
    ((what, _reason),) = hear(loop, zygotes, 1)
    assert what == "all ended"
    with pytest.raises(LaunchFailed, match="does not start"):
        zygotes.start()
    assert zygotes.pid == 0
    zygotes.signal(1, signal.SIGTERM)  # nobody is there to send it


def test_one_that_was_awake_is_started_again_at_once(loop, zygotes, boot):
    boot(SAYS.format(packets=[msgspec.msgpack.encode(Awake())]).replace("channel.recv(1)", ""))
    first = zygotes.start()
    hear(loop, zygotes, 1)
    assert zygotes.start() != first


def test_one_that_hangs_is_killed(loop, zygotes, boot):
    zygotes.kill()
    boot("import signal; signal.pause()")
    zygotes.start()
    zygotes.kill()
    ((what, _reason),) = hear(loop, zygotes, 1)
    assert what == "all ended"


def test_an_interpreter_that_is_gone_is_said(zygotes, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    with pytest.raises(LaunchFailed, match="can't be started"):
        zygotes.start()


def test_requests_to_one_that_is_busy_wait_and_their_descriptors_are_closed(loop, zygotes, boot):
    boot("import signal; signal.pause()")
    zygotes.start()
    kept, given = socket.socketpair()
    for _request in range(50):
        zygotes.fork(Fork(spec(), PLACE), [os.dup(given.fileno())])
    given.close()
    loop.step(0.05)  # it tries again, in vain
    zygotes.signal(1, signal.SIGTERM)
    zygotes.close()
    kept.settimeout(30.0)
    assert kept.recv(1) == b""  # nobody has the other end any more
    kept.close()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "it ended by itself with exit code 0"),
        (-9, "it was ended by signal 9 (SIGKILL)"),
        (-99, "it was ended by signal 99 (unknown)"),
    ],
)
def test_ends_in_words(code, words):
    assert in_words(code) == words
