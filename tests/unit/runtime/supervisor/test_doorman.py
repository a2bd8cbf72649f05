"""Questions over a real socket, well-formed and not."""

import os
import socket
import struct
import threading

import pytest

from geminicrm.runtime.host.control import Done, Forgive, Given, Look, NotRunning
from geminicrm.runtime.supervisor import doorman as doorman_module
from geminicrm.runtime.supervisor import sockets
from geminicrm.runtime.supervisor.doorman import Doorman
from geminicrm.runtime.supervisor.frames import MOST, FrameBroken, OneMessage, framed
from geminicrm.runtime.supervisor.loop import Loop
from tests.support.waiting import eventually


class Door:
    def __init__(self, folder):
        self.folder = folder
        self.loop = Loop()
        self.asked = []
        self.given = Done()
        listener = sockets.listen(folder, "door.sock")
        self.doorman = Doorman(self.loop, listener, self._answer)
        self.woken, self.waker = os.pipe()
        self.loop.on_readable(self.woken, self.loop.stop)
        self.thread = threading.Thread(target=self.loop.run)
        self.thread.start()

    def _answer(self, question, reply):
        self.asked.append(question)
        reply(self.given)

    def connect(self):
        return sockets.connect(self.folder, "door.sock", 5.0)

    def close(self):
        eventually(lambda: not self.doorman.visitors)
        os.close(self.waker)
        self.thread.join()
        os.close(self.woken)
        self.doorman.close()
        self.loop.close()


@pytest.fixture
def door(tmp_path):
    # Deeper than an address of a unix socket may be long.
    folder = tmp_path / ("deep" * 20)
    folder.mkdir()
    made = Door(folder)
    yield made
    made.close()


def everything(connection):
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_question_that_comes_in_pieces_is_answered(door):
    data = framed(Forgive("inst"))
    with door.connect() as connection:
        connection.sendall(data[:5])
        eventually(lambda: door.doorman.visitors == 1)
        connection.sendall(data[5:])
        assert everything(connection) == framed(Done())
    assert door.asked == [Forgive("inst")]


LONG = NotRunning("crashed", "x" * 1_000_000)


def test_an_answer_that_is_long_goes_out_in_pieces(door):
    door.given = LONG
    with door.connect() as connection:
        connection.sendall(framed(Look()))
        eventually(lambda: door.asked)
        assert everything(connection) == framed(LONG)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("!II", MOST + 1, 0),
        struct.pack("!II", 4, 1),
        struct.pack("!II", 4, 0) + b"none",
    ],
)
def test_what_is_no_question_ends_the_connection(door, data):
    with door.connect() as connection:
        connection.sendall(data)
        assert everything(connection) == b""
    assert door.asked == []


def test_a_question_that_does_not_come_to_its_end_is_given_up(door, monkeypatch):
    monkeypatch.setattr(doorman_module, "_SECONDS", 0.05)
    with door.connect() as connection:
        connection.sendall(b"\0")
        assert everything(connection) == b""


def test_who_asks_nothing_may_stay_and_is_counted(door):
    with door.connect(), door.connect():
        eventually(lambda: door.doorman.visitors == 2)
    eventually(lambda: door.doorman.visitors == 0)


def test_who_does_not_wait_for_the_answer_does_no_harm(door):
    door.given = LONG
    with door.connect() as connection:
        connection.sendall(framed(Look()))
        eventually(lambda: door.asked)
    eventually(lambda: door.doorman.visitors == 0)


def test_who_came_in_just_before_the_end_is_told(door):
    with door.connect() as connection:
        eventually(lambda: door.doorman.visitors == 1)
        door.doorman.close()
        connection.sendall(framed(Look()))
        assert b"the supervisor is stopping" in everything(connection)
    assert door.asked == []


def test_another_user_is_not_let_in(door, monkeypatch):
    monkeypatch.setattr(doorman_module, "_is_ours", lambda _connection: False)
    with door.connect() as connection:
        assert everything(connection) == b""


def test_our_own_user_and_root_are_let_in():
    one, other = socket.socketpair()
    with one, other:
        assert doorman_module._is_ours(one)  # noqa: SLF001 - the border is worth a test of its own


def test_a_message_is_given_once():
    message = OneMessage(Given)
    assert message.feed(framed(Done())) == Done()
    with pytest.raises(FrameBroken, match="too many"):
        message.feed(b".")


def test_a_message_of_another_kind_is_broken():
    with pytest.raises(FrameBroken, match="can't be read"):
        OneMessage(Given).feed(framed(Look()))


def test_a_socket_can_not_be_made_twice(tmp_path):
    with sockets.listen(tmp_path, "one.sock"), pytest.raises(OSError, match="in use"):
        sockets.listen(tmp_path, "one.sock")
    sockets.remove(tmp_path, "one.sock")
    sockets.remove(tmp_path, "one.sock")
    with pytest.raises(FileNotFoundError):
        sockets.connect(tmp_path, "one.sock")


def test_the_folders_are_ours_alone_and_old_sockets_go(tmp_path):
    sockets.prepare(tmp_path)
    sockets.listen(sockets.hosts_folder(tmp_path), "old.sock").close()
    sockets.prepare(tmp_path)
    assert list(sockets.hosts_folder(tmp_path).iterdir()) == []
    assert sockets.hosts_folder(tmp_path).stat().st_mode & 0o777 == 0o700
    assert sockets.run_folder(tmp_path).stat().st_mode & 0o777 == 0o700
