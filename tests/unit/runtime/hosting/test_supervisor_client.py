"""The client against a supervisor that misbehaves; the real one is met elsewhere."""

import contextlib
import socket
import threading
import time

import pytest

from geminicrm.runtime.host.control import Done, Forgive
from geminicrm.runtime.hosting import supervisor_client as client_module
from geminicrm.runtime.hosting.supervisor_client import SupervisorAway, SupervisorClient
from geminicrm.runtime.supervisor import sockets
from geminicrm.runtime.supervisor.frames import framed


@pytest.fixture
def answering(tmp_path):
    """Have every connection answered with the next of some bytes; None keeps silent."""
    sockets.prepare(tmp_path)
    listener = sockets.listen(sockets.run_folder(tmp_path), sockets.NAME)
    threads, connections = [], []

    def answer(*answers):
        def serve():
            for data in answers:
                with contextlib.suppress(OSError):  # the client may have gone before
                    connection, _address = listener.accept()
                    connections.append(connection)
                    connection.recv(100)
                    _answer(connection, data)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return SupervisorClient(tmp_path, starts=False)

    yield answer
    listener.shutdown(socket.SHUT_RDWR)  # whoever waits at it wakes up
    listener.close()
    for thread in threads:
        thread.join()
    for connection in connections:
        connection.close()


def _answer(connection, data):
    if data is not None:
        connection.sendall(data)
        connection.close()


def ask(client, seconds=5.0):
    return client.ask(Forgive("inst"), time.monotonic() + seconds)


def test_a_question_that_was_lost_is_asked_again(answering):
    assert ask(answering(b"", framed(Done()))) == Done()


def test_a_question_that_is_lost_twice_is_given_up(answering):
    with pytest.raises(SupervisorAway, match="twice"):
        ask(answering(b"", b""))


def test_an_answer_that_does_not_come_in_time_is_given_up(answering):
    with pytest.raises(SupervisorAway, match="in time"):
        ask(answering(None), 0.1)


def test_a_deadline_that_has_passed_is_one(answering):
    with pytest.raises(SupervisorAway, match="in time"):
        ask(answering(None), -1.0)


def test_nonsense_is_said_to_be_nonsense(answering):
    with pytest.raises(SupervisorAway, match="nonsense"):
        ask(answering(b"\0\0\0\1\0\0\0\0x"))


def test_where_nobody_listens_and_none_may_be_started_it_is_away(tmp_path):
    client = SupervisorClient(tmp_path, starts=False, patience=0.05)
    with pytest.raises(SupervisorAway, match="no supervisor of extension hosts answers"):
        ask(client)
    with pytest.raises(FileNotFoundError):
        client.connect_host("none.sock")


def test_an_old_log_that_is_long_starts_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(client_module, "_MOST_LOG", 10)
    log = tmp_path / "logs" / "supervisor.log"
    log.parent.mkdir()
    log.write_text("x" * 11)
    client = SupervisorClient(tmp_path)
    assert ask(client, 20.0) == Done()
    client.close()
    client.close()
    assert not log.read_text().startswith("x")
