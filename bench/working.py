"""The engine under events and jobs, taken out of its worker process to be measured alone."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import psycopg
from sqlalchemy import func, insert, select

from bench import ours
from bench.lab import Lab
from geminicrm.app import Core, build_core
from geminicrm.config import Settings
from geminicrm.identity.actor import SystemActor
from geminicrm.identity.people import list_workspaces
from geminicrm.kernel import logs
from geminicrm.kernel.events import StoredEvent
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.jobs.engine import Duties, Engine
from geminicrm.kernel.jobs.kinds import EventKind
from geminicrm.kernel.outbox import EVENTS, OutboxEvent
from geminicrm.kernel.owners import own_name
from geminicrm.kernel.relay import Relay
from tests.support.postgres import MISSING, find_binaries, started_cluster

EVENT = "bench.happened"
_POLL_SECONDS = 0.05


@dataclass
class CountingSink:
    """Takes every event and does nothing but count."""

    name: str = "bench"
    ordered: bool = True
    seconds: int = 30
    handled: list[str] = field(default_factory=list)

    def targets(self, event: StoredEvent) -> Sequence[str]:
        """Name one."""
        return ("bench",) if event.type == EVENT else ()

    def deliver(self, target: str, event: StoredEvent, attempt: int) -> None:
        """Count it."""
        assert target  # noqa: S101 - what a bench checks may stop it
        assert attempt == 1  # noqa: S101 - as above
        self.handled.append(event.id)


class Hand:
    """A relay and an engine as a worker has them; `work` does all that is due."""

    def __init__(self, core: Core) -> None:
        self.sink = CountingSink()
        self._relay = Relay(core.works, (self.sink,), core.metrics)
        self._wakes = core.wakes
        duties = Duties(kinds=(EventKind(self.sink),), woken=core.wakes.wake)
        self._engine = Engine(core.works, core.metrics, own_name(), duties)

    def work(self, until: int) -> None:
        """Place and handle until so many events were, as the loop of a worker does."""
        while len(self.sink.handled) < until:
            placed = self._relay.step()
            if not self._engine.turn() and not placed:
                self._wakes.wait(_POLL_SECONDS)

    def close(self) -> None:
        """Write down the last, let go of the threads."""
        self._engine.close()


@contextmanager
def opened(environ: dict[str, str]) -> Iterator[tuple[Core, SystemActor]]:
    """Give the core of a prepared home, and the system of its workspace."""
    settings = Settings.from_env(environ)
    logs.configure("ERROR", json=False)
    core = build_core(settings)
    try:
        with core.works.across_workspaces("bench: the workspace") as work:
            (workspace,) = list_workspaces(work)
        yield core, SystemActor(workspace.id)
    finally:
        core.close()


def announce(core: Core, actor: SystemActor, count: int) -> list[str]:
    """Commit events, each of a record of its own; give their ids."""
    with core.works.across_workspaces("bench: events", write=True) as work:
        rows = [
            {
                "id": new_id("evt"),
                "workspace_id": actor.workspace_id,
                "type": EVENT,
                "schema_version": 1,
                "object_id": new_id("thing"),
                "object_version": 1,
                "occurred_at": work.now,
                "data": {"last_name": "Lovelace", "tags": ["a", "b"], "custom": {}},
            }
            for _ in range(count)
        ]
        work.session.execute(insert(EVENTS), rows)
        work.wake_workers()
    return [str(row["id"]) for row in rows]


def count_events(core: Core) -> int:
    """Count the events that were placed."""
    with core.works.across_workspaces("bench: count") as work:
        placed = OutboxEvent.position.is_not(None)
        query = select(func.count()).select_from(OutboxEvent).where(placed)
        return int(work.session.scalar(query) or 0)


@contextmanager
def engines(lab: Lab, name: str) -> Iterator[dict[str, dict[str, str]]]:
    """Give prepared homes by the name of their database engine; PostgreSQL where there is one."""
    homes = {"SQLite": dict(ours.prepare(lab, f"{name}-sqlite", 0)[0].environ)}
    binaries = find_binaries()
    if binaries is None:
        lab.missing.append(MISSING)
        yield homes
        return
    with started_cluster(binaries) as cluster:
        url = cluster.fresh_database()
        home, _ = ours.prepare(lab, f"{name}-postgresql", 0, GEMINICRM_DATABASE_URL=url)
        homes["PostgreSQL"] = dict(home.environ)
        yield homes


@contextmanager
def bare_loop(core: Core, count: int) -> Iterator[Callable[[int], None]]:
    """Give a loop that updates one row for each of `count` events, by the driver alone."""
    url = core.database.engine.url
    if core.database.dialect == "sqlite":
        with closing(sqlite3.connect(str(url.database), isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute("DROP TABLE IF EXISTS bench_bare")
            connection.execute("CREATE TABLE bench_bare (id INTEGER PRIMARY KEY, handled INTEGER)")
            rows = [(number,) for number in range(count)]
            connection.executemany("INSERT INTO bench_bare VALUES (?, 0)", rows)

            def update(number: int) -> None:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE bench_bare SET handled = 1 WHERE id = ?", (number,))
                connection.execute("COMMIT")

            yield update
            connection.execute("DROP TABLE bench_bare")
        return
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as link:
        link.execute("DROP TABLE IF EXISTS bench_bare")
        link.execute("CREATE TABLE bench_bare (id INTEGER PRIMARY KEY, handled INTEGER)")
        link.execute("INSERT INTO bench_bare SELECT n, 0 FROM generate_series(0, %s) n", (count,))

        def update_there(number: int) -> None:
            link.execute("UPDATE bench_bare SET handled = 1 WHERE id = %s", (number,))

        yield update_there
        link.execute("DROP TABLE bench_bare")
