import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geminicrm.runtime.host import serving
from geminicrm.runtime.host.control import NotReady, Ready
from geminicrm.runtime.host.messages import Goaway, Hello, ToCore
from geminicrm.runtime.host.wire import Wire, WireClosed
from tests.support.core_end import request_for, soon
from tests.support.host_in_process import HostInProcess, MakeHost, extension
from tests.support.waiting import eventually

FINE = extension("""
def add(self, routes):
    @routes.get("/")
    def fine():
        return "fine"

    @routes.get("/slow")
    def slow():
        return self.app.workspace.name
""")


def north(_door: str, _method: str, _arguments: dict[str, object]) -> dict[str, str]:
    return {"id": "ws_1", "name": "North"}


@pytest.fixture
def started(make_host: MakeHost) -> Callable[..., HostInProcess]:
    def start(idle_seconds: float = 30.0) -> HostInProcess:
        host = make_host(FINE, idle_seconds=idle_seconds)
        assert isinstance(host.start(), Ready)
        return host

    return start


def test_conversations_follow_each_other_on_a_connection(started):
    core = started().connect()

    assert [core.get("/")[1] for _ in range(3)] == [b"fine"] * 3
    core.wire.close()


def test_connections_do_not_wait_for_each_other(started):
    host = started()
    one, other = host.connect(door=north), host.connect()
    one.wire.send(request_for("/slow"), deadline=soon())
    back, body = one.wire.receive(deadline=soon())

    assert other.get("/")[1] == b"fine"
    one.serve(back, body)
    assert one.ending()[1] == b"North"


def test_a_host_that_nobody_asks_ends(started):
    host = started(idle_seconds=0.05)
    quiet = host.connect()

    assert host.over() == 0
    assert quiet.wire.receive(deadline=soon()) == (Goaway(), b"")
    with pytest.raises(WireClosed):
        quiet.wire.receive(deadline=soon())
    with pytest.raises(WireClosed):  # the supervisor was told by its socket
        host.report.receive(deadline=soon())
    with pytest.raises(ConnectionRefusedError):
        host.bare()
    host.host.drain()  # comes too late, and does no harm


def test_a_host_at_work_is_not_idle(started):
    host = started(idle_seconds=0.05)
    core = host.connect(door=north)
    core.wire.send(request_for("/slow"), deadline=soon())
    back, body = core.wire.receive(deadline=soon())
    time.sleep(0.2)  # longer than it may be idle: that is what is tested
    core.serve(back, body)

    assert core.ending()[1] == b"North"
    assert host.over() == 0


def test_draining_finishes_what_runs_and_takes_nothing_new(started):
    host = started()
    busy, idle = host.connect(door=north), host.connect()
    busy.wire.send(request_for("/slow"), deadline=soon())
    back, body = busy.wire.receive(deadline=soon())

    host.host.drain()

    assert idle.wire.receive(deadline=soon()) == (Goaway(), b"")
    with pytest.raises(WireClosed):
        idle.wire.receive(deadline=soon())
    busy.serve(back, body)
    assert busy.ending()[1] == b"North"
    assert busy.wire.receive(deadline=soon()) == (Goaway(), b"")
    assert host.over() == 0


def test_a_request_that_crosses_the_goaway_is_not_begun(started):
    host = started()
    core = host.connect()
    host.host._server._closing = True  # noqa: SLF001 - as if the main thread came no further yet
    core.wire.send(request_for("/"), deadline=soon())

    assert core.wire.receive(deadline=soon()) == (Goaway(), b"")
    host.host.drain()
    assert host.over() == 0


def test_a_connection_says_only_once_that_it_leaves():
    ours, theirs = socket.socketpair()
    connection, core = serving.Connection(ours), Wire(theirs, ToCore)
    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(connection.leave)

    assert core.receive(deadline=soon()) == (Goaway(), b"")
    with pytest.raises(WireClosed):
        core.receive(deadline=soon())
    connection.wire.close()
    core.close()


def test_one_that_speaks_nonsense_loses_its_connection_only(started):
    host = started()
    bad, good = host.bare(), host.connect()
    bad.receive(deadline=soon())
    bad._socket.sendall(b"GET / HTTP/1.1\r\n\r\n")  # noqa: SLF001 - what no wire would send

    with pytest.raises(WireClosed):
        bad.receive(deadline=soon())
    assert good.get("/")[1] == b"fine"


def test_an_idle_connection_gives_way_to_a_new_one(started, monkeypatch):
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 2)
    host = started()
    first, second = host.connect(), host.connect()

    third = host.connect()

    assert first.wire.receive(deadline=soon()) == (Goaway(), b"")
    assert second.get("/")[1] == third.get("/")[1] == b"fine"


def test_where_all_are_busy_a_new_connection_is_sent_away(started, monkeypatch):
    monkeypatch.setattr(serving, "MOST_CONNECTIONS", 1)
    host = started()
    busy = host.connect(door=north)
    busy.wire.send(request_for("/slow"), deadline=soon())
    back, body = busy.wire.receive(deadline=soon())

    assert host.bare().receive(deadline=soon()) == (Goaway(), b"")
    busy.serve(back, body)
    assert busy.ending()[1] == b"North"
    assert eventually(lambda: host.bare().receive(deadline=soon()) == (Hello(7), b""))


def test_a_connection_that_is_gone_at_once_does_no_harm(started, monkeypatch):
    host = started()
    host.bare().close()
    inner = socket.socket.accept
    calls = iter([OSError("it went away")])

    def accept(sock: socket.socket) -> object:
        for error in calls:
            raise error
        return inner(sock)

    monkeypatch.setattr(socket.socket, "accept", accept)
    assert host.connect().get("/")[1] == b"fine"


SCRIPT = """
import socket, sys
from geminicrm.runtime.host import serving
from geminicrm.runtime.host.child import Host
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(sys.argv[1])
listener.listen()
server = serving.Server(
    listener, generation=1, idle_seconds=60, work=print, leaving=lambda: print("leaving")
)
Host._heed(server, server)
print("ready", flush=True)
server.run()
"""


def test_a_signal_drains(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "s")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process:
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGTERM)
        assert process.stdout.read() == "leaving\n"
    assert process.returncode == 0


def test_a_start_that_fails_is_reported(make_host):
    report = make_host("import missing_thing").start()

    assert isinstance(report, NotReady)
    assert report.code == "load_failed"
