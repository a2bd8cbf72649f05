"""A real IMAP server of our own (Dovecot): made on first use, thrown away with the session."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.support.certificates import Issued
from tests.support.ports import free_port
from tests.support.servers import ends_with_us, owned_folder, unprivileged_user
from tests.support.waiting import eventually

MISSING = "Dovecot is not on this machine (dovecot not found)"
_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.pem
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 0
auth_mechanisms = plain
auth_failure_delay = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""
PASSWORD = "of-the-mailbox"


@dataclass(frozen=True)
class Mailbox:
    """The mailbox of one user, whose files we put there ourselves."""

    user: str
    port: int
    tls_port: int
    folder: Path
    owner: pwd.struct_passwd
    numbers: "count[int]"

    def put(self, raw: bytes, *, seconds: int = 1_700_000_000, seen: bool = False) -> None:
        """Put a mail into the inbox as if it had arrived then, Unix time."""
        number = next(self.numbers)
        place = self.folder / ("cur" if seen else "new")
        path = place / f"{1_700_000_000 + number}.M{number:06}P1.peer{':2,S' if seen else ''}"
        path.write_bytes(raw)
        os.utime(path, (seconds, seconds))
        os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def remove_all(self) -> None:
        """Take every mail away."""
        for place in ("cur", "new"):
            for path in (self.folder / place).iterdir():
                path.unlink()

    def renumber(self) -> None:
        """Have the server number the mails anew, as it does when its index is lost."""
        listing = self.folder / "dovecot-uidlist"
        head, *_ = listing.read_text().split("\n", 1)
        version, validity, *_ = head.split()
        listing.write_text(f"{version} V{int(validity[1:]) + 7} N1\n")
        for path in self.folder.glob("dovecot.index*"):
            path.unlink()

    def unseen(self) -> int:
        """Count the mails that nobody has marked as read."""
        places = [*(self.folder / "new").iterdir(), *(self.folder / "cur").iterdir()]
        return sum("S" not in path.name.partition(":2,")[2] for path in places)


@dataclass(frozen=True)
class Dovecot:
    """The server; every user has the same password."""

    folder: Path
    owner: pwd.struct_passwd
    port: int
    tls_port: int

    def mailbox(self, user: str) -> Mailbox:
        """Make the mailbox of a user."""
        folder = self.folder / "mail" / user
        for place in (folder, *(folder / name for name in ("cur", "new", "tmp"))):
            place.mkdir()
            os.chown(place, self.owner.pw_uid, self.owner.pw_gid)
        return Mailbox(user, self.port, self.tls_port, folder, self.owner, count())


def find_dovecot() -> str | None:
    """Give where the program is; None where there is no Dovecot."""
    return shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")


@contextlib.contextmanager
def started_dovecot(binary: str, issued: Issued) -> Iterator[Dovecot]:
    """Give a server that answers, and take it away."""
    owner = unprivileged_user() or pwd.getpwuid(os.getuid())
    folder = owned_folder("gcrm-imap-", owner)
    server = Dovecot(folder, owner, free_port(), free_port())
    (folder / "mail").mkdir()
    shutil.copy(issued.server, folder / "server.pem")
    for path in (folder / "mail", folder / "server.pem"):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    (folder / "dovecot.conf").write_text(_config(server))
    process = _start(binary, server)
    try:
        eventually(lambda: _answers(server), 20)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def dovecot(issued: Issued) -> Iterator[Dovecot]:
    """Give the server of this test process; skips where there is no Dovecot."""
    binary = find_dovecot()
    if binary is None:
        pytest.skip(MISSING)
    with started_dovecot(binary, issued) as server:
        yield server


@pytest.fixture
def make_mailbox(dovecot: Dovecot, request: pytest.FixtureRequest) -> Callable[[], Mailbox]:
    """Give a maker of empty mailboxes."""
    number = count()
    test = abs(hash(request.node.nodeid))
    return lambda: dovecot.mailbox(f"u{test}x{next(number)}@north.example")


def _config(server: Dovecot) -> str:
    owner = server.owner
    return _CONFIG.format(
        folder=server.folder, user=owner.pw_name, group=_group(owner), uid=owner.pw_uid,
        gid=owner.pw_gid, port=server.port, tls_port=server.tls_port, password=PASSWORD,
    )  # fmt: skip


def _group(owner: pwd.struct_passwd) -> str:
    found = subprocess.run(
        ["id", "--group", "--name", owner.pw_name],  # noqa: S607 - of this machine
        check=True,
        capture_output=True,
        text=True,
    )
    return found.stdout.strip()


def _start(binary: str, server: Dovecot) -> subprocess.Popen[bytes]:
    root = os.geteuid() == 0
    return subprocess.Popen(
        ends_with_us([binary, "-F", "-c", str(server.folder / "dovecot.conf")]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=server.owner.pw_uid if root else None,
        group=server.owner.pw_gid if root else None,
        extra_groups=[] if root else None,
        cwd=server.folder,
    )


def _answers(server: Dovecot) -> bool:
    with socket.create_connection(("127.0.0.1", server.port), 1) as sock:
        return sock.recv(20).startswith(b"* OK")
