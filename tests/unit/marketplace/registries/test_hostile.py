"""Registries that hang, lie or die: the right error or a good retry, and nothing is left."""

import re
import socket
import threading

import pytest

from marketplace.registries import client, download
from marketplace.registries.errors import RegistryRefused, RegistryUnreachable
from tests.support.far_lies import Talk, refused, sending
from tests.support.far_registry import Crm, FarRegistry, said, whole
from tests.support.life import HELLO, wanted

VERSIONS = f"/extensions/{HELLO}/versions"


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a second where the product waits for ten and for a hundred."""
    monkeypatch.setattr(client, "PACKAGE_SECONDS", 1.0)


@pytest.fixture
def hurry(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let documents have a second, too."""
    monkeypatch.setattr("marketplace.registries.clients.DOCUMENT_SECONDS", 1.0)


def dripping(head: bytes) -> Talk:
    """Send a byte now and then, so that no single read ever waits for long."""

    def talk(conn: socket.socket, _path: str) -> None:
        conn.sendall(head)
        for _ in range(200):
            conn.sendall(b" ")
            threading.Event().wait(0.1)

    return talk


HANGING = {
    "before its head": sending(hang=True),
    "in its head": sending(b"HTTP/1.1 200 OK\r\nContent-", hang=True),
    "after its head": sending(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", hang=True),
    "a byte at a time": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"),
    "a header without end": dripping(b"HTTP/1.1 200 OK\r\nX-Long: "),
    "closing at once": sending(),
    "closing in the middle": sending(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    "away for a while": sending(whole(b"", "503 Service Unavailable")),
}


@pytest.mark.usefixtures("hurry")
def test_hanging_at_a_document(crm: Crm, far: FarRegistry):
    for talk in HANGING.values():
        far.instead[VERSIONS] = talk
        error = refused(crm, RegistryUnreachable)
        assert "north-star" in error.detail
        assert "Try again later" in error.detail


def test_hanging_at_a_package(crm: Crm, far: FarRegistry):
    for talk in HANGING.values():
        far.instead[far.package_path()] = talk
        refused(crm, (RegistryUnreachable, RegistryRefused))


LIES: dict[str, bytes] = {
    "no JSON": whole(b"<html>It works</html>"),
    "half of JSON": whole(b'{"data": ['),
    "another shape": said({"data": [{"record": 5, "record_signatures": []}]}),
    "a list": said([]),
    "nested without end": whole(b"[" * 100_000),
    "not UTF-8": whole(b"\xff\xfe{}"),
    "a gigabyte": b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n" + b" " * 9_000_000,
    "without a length": b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 9_000_000,
    "a redirect to a private address": whole(
        b"", "302 Found", "Location: http://169.254.169.254/latest/meta-data"
    ),
    "a redirect to itself": whole(b"", "301 Moved Permanently", "Location: /elsewhere"),
    "a closed door": whole(b"{}", "401 Unauthorized"),
    "a teapot": whole(b"{}", "418 I'm a teapot"),
}


def test_answers_that_are_none(crm: Crm, far: FarRegistry):
    for lie in LIES.values():
        far.instead[VERSIONS] = sending(lie)
        refused(crm, RegistryRefused)
    assert "/elsewhere" not in far.asked


def test_what_does_not_speak_http(crm: Crm, far: FarRegistry):
    far.instead[VERSIONS] = sending(b"SSH-2.0-OpenSSH_9.2\r\n")
    refused(crm, RegistryUnreachable)


def test_a_package_with_other_bytes_of_the_same_length(crm: Crm, far: FarRegistry):
    path = far.package_path()
    content = far.packages[path.rpartition("/")[2]]
    far.instead[path] = sending(whole(bytes(reversed(content))))
    error = refused(crm, RegistryRefused)
    assert "is not the one that was signed" in error.detail


def test_packages_of_another_length(crm: Crm, far: FarRegistry):
    for length in (0, 1, 10**9):
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
        far.instead[far.package_path()] = sending(head + b"x" * min(length, 100_000))
        refused(crm, RegistryRefused)


def test_a_package_without_end(crm: Crm, far: FarRegistry):
    far.instead[far.package_path()] = sending(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_000_000)
    refused(crm, RegistryRefused)


def test_a_package_that_is_gone(crm: Crm, far: FarRegistry):
    far.instead[far.package_path()] = sending(whole(b"", "404 Not Found"))
    error = refused(crm, RegistryRefused)
    assert "has no package of it" in error.detail


def dying(content: bytes, each: int) -> Talk:
    """Send a part of what was asked for, then die."""

    def talk(conn: socket.socket, _path: str) -> None:
        start = next(starts)
        rest = len(content) - start
        head = (
            f"HTTP/1.1 206 Partial Content\r\nContent-Length: {rest}\r\n"
            f"Content-Range: bytes {start}-{len(content) - 1}/{len(content)}\r\n\r\n"
        )
        conn.sendall(head.encode() + content[start : start + each])

    starts = iter(range(0, len(content) * 10, each))
    return talk


def ranges(far: FarRegistry) -> list[str]:
    """Give what parts of packages were asked for."""
    return [found[0] for head in far.heads for found in re.findall(r"(Range: bytes=(\d+)-)", head)]


def test_dying_in_the_middle_and_going_on(crm: Crm, far: FarRegistry):
    path = far.package_path()
    content = far.packages[path.rpartition("/")[2]]
    third = len(content) // 3 + 1
    far.instead[path] = dying(content, third)
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    assert ranges(far) == [f"Range: bytes={third}-", f"Range: bytes={2 * third}-"]
    assert crm.arriving() == []


def test_dying_all_the_time(crm: Crm, far: FarRegistry):
    path = far.package_path()
    content = far.packages[path.rpartition("/")[2]]
    far.instead[path] = dying(content, 10)
    refused(crm, RegistryUnreachable)
    assert far.asked.count(path) == 1 + download.MAX_RESUMES


def test_going_on_with_another_part_than_was_asked(crm: Crm, far: FarRegistry):
    path = far.package_path()
    content = far.packages[path.rpartition("/")[2]]
    far.instead[path] = sending(
        whole(content, "206 Partial Content", f"Content-Range: bytes 5-{len(content)}/*")
    )
    refused(crm, RegistryRefused)


def test_starting_all_over_instead_of_going_on(crm: Crm, far: FarRegistry):
    path = far.package_path()
    content = far.packages[path.rpartition("/")[2]]
    half = whole(content)[: -len(content) // 2]
    answers = iter([half, whole(content)])
    far.instead[path] = lambda conn, _path: conn.sendall(next(answers))
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    assert len(crm.kept()) == 1
