"""A PostgreSQL cluster of our own: made on first use, thrown away with the session."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.support.ports import free_port
from tests.support.servers import owned_folder, running, unprivileged_user
from tests.support.waiting import eventually

MISSING = "PostgreSQL is not on this machine (initdb and postgres not found)"
INSTALLED = "/usr/lib/postgresql"  # where Debian and Ubuntu keep every version
FreshDatabase = Callable[..., str]
# Nothing here has to survive a power cut.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB")


def find_binaries() -> Path | None:
    """Give the folder with initdb and postgres, the newest version first."""
    found = sorted(Path(INSTALLED).glob("*/bin/initdb"), key=_major, reverse=True)
    on_path = shutil.which("initdb")
    candidates = [*found, *([Path(on_path)] if on_path else [])]
    return next((each.parent for each in candidates if (each.parent / "postgres").exists()), None)


def _major(initdb: Path) -> int:
    return int(initdb.parent.parent.name.partition(".")[0])


class Cluster:
    """A running cluster; databases come from templates, so each costs a few milliseconds."""

    def __init__(self, port: int) -> None:
        """Speak to the cluster that listens on `port` of 127.0.0.1."""
        self.port = port
        self._made = 0
        self._templates: dict[str, str] = {}

    def url(self, name: str) -> str:
        """Give the SQLAlchemy address of a database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def fresh_database(self, template: str | None = None) -> str:
        """Create a database, empty or a copy of a template made before; give its address."""
        source = self._templates[template] if template else "template1"
        return self.url(self._create(source))

    def template(self, name: str, build: Callable[[str], None]) -> None:
        """Build the template `name` once: `build(url)` fills it and closes its connections."""
        if name not in self._templates:
            made = self._create("template1")
            build(self.url(made))
            self._templates[name] = made

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected."""
        name = sql.Identifier(url.rpartition("/")[2])
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def ready(self) -> bool:
        """Tell whether the cluster answers; psycopg.OperationalError while it does not."""
        self._run(sql.SQL("SELECT 1"))
        return True

    def _create(self, source: str) -> str:
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._run(made.format(sql.Identifier(name), sql.Identifier(source)))
        return name

    def _run(self, statement: sql.SQL | sql.Composed) -> None:
        target = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(target, autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def started_cluster(binaries: Path) -> Iterator[Cluster]:
    """Make and run a cluster as a user that PostgreSQL accepts (never root)."""
    owner = unprivileged_user()
    folder = owned_folder("gcrm-pg-", owner)
    data = folder / "data"
    port = free_port()
    try:
        initdb(binaries, data)
        settings = [f"--{each}" for each in (*FAST, f"port={port}", "max_connections=60")]
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder), *settings]
        with running([*command, "--listen_addresses=127.0.0.1"], folder / "log", owner):
            cluster = Cluster(port)
            eventually(lambda: answers(cluster), 30)
            yield cluster
    finally:
        shutil.rmtree(folder)


def initdb(binaries: Path, data: Path) -> None:
    """Make a cluster as a user that PostgreSQL accepts."""
    owner = unprivileged_user()
    options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]
    subprocess.run(
        [str(binaries / "initdb"), *options, str(data)],
        check=True,
        capture_output=True,
        cwd=data.parent,
        user=None if owner is None else owner.pw_uid,
        group=None if owner is None else owner.pw_gid,
        extra_groups=None if owner is None else [],
    )


def answers(cluster: Cluster) -> bool:
    """Tell that it answers. Raises ConnectionError while it does not."""
    try:
        return cluster.ready()
    except psycopg.OperationalError as error:
        raise ConnectionError(str(error)) from error


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """Give the cluster of this test process; skips where there is no PostgreSQL."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(MISSING)
    with started_cluster(binaries) as cluster:
        yield cluster


@pytest.fixture
def fresh_database(postgres_cluster: Cluster) -> Iterator[FreshDatabase]:
    """Give `fresh_database(template=None)` -> address of a database of this test's own."""
    made: list[str] = []

    def fresh(template: str | None = None) -> str:
        made.append(postgres_cluster.fresh_database(template))
        return made[-1]

    yield fresh
    for url in made:
        postgres_cluster.drop(url)
