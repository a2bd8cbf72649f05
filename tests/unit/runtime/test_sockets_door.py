"""Connections of built-ins: to named servers, for a limited time; none in a dry run or a host."""

import socket
import time
from types import SimpleNamespace

import pytest

from extensions.sdk.errors import HttpFailed, HttpNotAllowed
from geminicrm.kernel.http import AddressGuard
from geminicrm.runtime.host.doors import HostSockets
from geminicrm.runtime.sockets_door import ExtensionSockets


class Calls:
    """A call of an extension, and what it counts."""

    def __init__(self, named=(), *, sockets=True, dry_run=None):
        self.counted = []
        self._named = frozenset(named)
        manifest = SimpleNamespace(sockets=sockets)
        self.installed = SimpleNamespace(extension_id="x", workspace_id="ws", manifest=manifest)
        self.dry_run = dry_run
        self.hosts = frozenset({"mail.example.com:587"})
        self.deadline = time.monotonic() + 30

    def count_host(self, host, *, allowed):
        self.counted.append((host, allowed))

    def door(self):
        connecting = SimpleNamespace(hosts=lambda _call: self._named)
        return ExtensionSockets(AddressGuard(["127.0.0.0/8"]), connecting, lambda: self)


def echo(conn):
    conn.sendall(conn.recv(100))


def test_a_server_that_a_setting_names_is_reached_at_any_port(serve):
    port = serve(echo).port
    calls = Calls({"127.0.0.1:443"})
    with calls.door().connect("127.0.0.1", port) as sock:
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"
    assert calls.counted == [(f"127.0.0.1:{port}", True)]


def test_other_servers_are_refused_and_counted(serve):
    calls = Calls()
    with pytest.raises(HttpNotAllowed):
        calls.door().connect("127.0.0.1", serve(echo).port)
    with pytest.raises(HttpNotAllowed):
        calls.door().connect("mail.example.com", 465)
    assert [allowed for _, allowed in calls.counted] == [False, False]


def test_a_server_that_drips_does_not_hold_a_call(serve):
    def drip(conn):
        while True:
            conn.sendall(b".")
            time.sleep(0.05)  # what the server of this test is slow with

    with Calls({"127.0.0.1"}).door().connect("127.0.0.1", serve(drip).port, seconds=0.3) as sock:
        assert b"".join(iter(lambda: sock.recv(1), b"")).strip(b".") == b""


@pytest.mark.parametrize("changes", [{"sockets": False}, {"dry_run": object()}])
def test_none_without_the_word_of_the_manifest_and_none_in_a_dry_run(serve, changes):
    server = serve(echo)
    with pytest.raises(HttpFailed, match="No connection"):
        Calls({"127.0.0.1"}, **changes).door().connect("127.0.0.1", server.port)
    assert server.connections == []


def test_what_does_not_answer_is_told(serve):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(HttpFailed, match="accepts no connection"):
        Calls({"127.0.0.1"}).door().connect("127.0.0.1", port)


def test_tls_with_what_speaks_none_is_told(serve):
    server = serve(lambda conn: conn.sendall(b"220 hi\r\n"))
    with pytest.raises(HttpFailed, match="TLS"):
        Calls({"127.0.0.1"}).door().connect("127.0.0.1", server.port, encrypted=True)


def test_a_host_has_none():
    with pytest.raises(HttpFailed, match="comes with the CRM"):
        HostSockets().connect("127.0.0.1", 25)
