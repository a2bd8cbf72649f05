"""A PostgreSQL of one test, which stops it as a crash does, and starts it again."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.postgres import MISSING, Cluster, answers, find_binaries, initdb
from tests.support.servers import ends_with_us, owned_folder, unprivileged_user
from tests.support.waiting import eventually

# The machine is not going to lose power; what was committed has to survive the server's own end.
_SETTINGS = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=80")


class OwnPostgres:
    """A cluster of its own on a port that stays its own; `close` removes it."""

    def __init__(self, binaries: Path) -> None:
        self._binaries = binaries
        self._owner = unprivileged_user()
        self._folder = owned_folder("gcrm-own-pg-", self._owner)
        self._cluster = Cluster(free_port())
        self._server: subprocess.Popen[bytes] | None = None
        initdb(binaries, self._folder / "data")

    @property
    def url(self) -> str:
        """Give the address of its database."""
        return self._cluster.url("postgres")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [f"--{each}" for each in (*_SETTINGS, f"port={self._cluster.port}")]
        data = str(self._folder / "data")
        command = [str(self._binaries / "postgres"), "-D", data, "-k", str(self._folder), *options]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                ends_with_us([*command, "--listen_addresses=127.0.0.1"]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=None if self._owner is None else self._owner.pw_uid,
                group=None if self._owner is None else self._owner.pw_gid,
                extra_groups=None if self._owner is None else [],
                cwd=self._folder,
            )
        eventually(lambda: answers(self._cluster), 60)

    def stop_at_once(self) -> None:
        """Stop it without a word to anybody, as `pg_ctl stop -m immediate` does."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(30)
            self._server = None

    def close(self) -> None:
        """Stop and remove it."""
        self.stop_at_once()
        shutil.rmtree(self._folder)


@pytest.fixture
def make_postgres() -> Iterator[Callable[[], OwnPostgres]]:
    """Give a maker of started clusters of this test's own; skips without PostgreSQL."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(MISSING)
    made: list[OwnPostgres] = []

    def make() -> OwnPostgres:
        made.append(OwnPostgres(binaries))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.close()
