"""What the throw-away servers have in common: finding them, owning them, ending with us."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def unprivileged_user() -> pwd.struct_passwd | None:
    """Give the account a server must run as when we are root; None when we are not."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def owned_folder(prefix: str, owner: pwd.struct_passwd | None) -> Path:
    """Make a folder with a short path (unix sockets allow 107 bytes) that belongs to `owner`."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    return folder


def ends_with_us(command: Sequence[str]) -> list[str]:
    """Give the command so that the kernel ends it when the test process is killed."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "QUIT", *command] if setpriv else list(command)


@contextmanager
def running(
    command: Sequence[str], log: Path, owner: pwd.struct_passwd | None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server as `owner`; at the end it is told to quit at once and waited for."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            ends_with_us(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=None if owner is None else owner.pw_uid,
            group=None if owner is None else owner.pw_gid,
            extra_groups=None if owner is None else [],
            cwd=log.parent,
        )
    try:
        yield server
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(10)
