"""A server with two extensions and a feed, and what all of them must have seen in the end."""

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import requests
from cryptography.fernet import Fernet
from sqlalchemy import create_engine, text

from geminicrm.app import build_core
from geminicrm.config import Settings
from tests.support.core import make_tenant
from tests.support.homes import SERVE, Home
from tests.support.kill9.extension import write_keeper
from tests.support.process import StartTree, Tree
from tests.support.waiting import eventually

_SECONDS = 120.0
EXTENSIONS = {"keeps-all": ("lead.created", "lead.updated"), "keeps-changes": ("lead.updated",)}


class Scene:
    """A home with a workspace; `start` serves it with both extensions installed."""

    def __init__(self, folder: Path, database_url: str, **environ: str) -> None:
        self._folder = folder
        self.shared = {
            "GEMINICRM_DATABASE_URL": database_url,
            "GEMINICRM_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "GEMINICRM_WEB_WORKERS": "2",
            **environ,
        }
        self.home = Home(folder / "home", **self.shared)
        self.home.run("db", "upgrade")
        core = build_core(Settings.from_env(self.home.environ))
        self.headers = make_tenant(core, "north").headers()
        core.close()
        self._engine = create_engine(database_url)

    def start(self, start_tree: StartTree) -> Tree:
        """Serve it; install both extensions, each in a locked host of its own."""
        tree = start_tree(SERVE, **self.home.environ)
        tree.wait_for_ok(f"{self.home.address}/readyz", _SECONDS)
        for extension_id, events in EXTENSIONS.items():
            package = write_keeper(self._folder, extension_id, *events)
            self.home.run("ext", "install", str(package), "--yes", "--unsigned")
        return tree

    def worker_elsewhere(self, start_tree: StartTree) -> Tree:
        """Run a worker on a machine of its own: it shares the database and Redis alone.

        It is at work when this returns: a start that finds no database is a failed start.
        """
        there = Home(self._folder / "there", **self.shared)
        tree = start_tree((*SERVE[:-1], "worker"), **there.environ)
        tree.wait_for_line(f"live={len(EXTENSIONS)}", _SECONDS)
        return tree

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def leads(self) -> dict[str, int]:
        """Give the version of every lead there is."""
        return {row.id: row.version for row in self._rows("SELECT id, version FROM leads")}

    def feed(self) -> list[dict[str, Any]]:
        """Read the change feed to its end, as a program does."""
        after, found = 0, []
        while True:
            answer = self.home.get(f"/api/events?limit=100&after={after}", self.headers).json()
            found += answer["data"]
            if not answer["data"]:
                return found
            after = answer["next_after"]

    def kept(self, extension_id: str) -> dict[str, list[tuple[str, int, int]]]:
        """Give what an extension has stored of each lead: event, version and attempt, in order."""
        rows = self._rows(
            "SELECT key, value FROM stored_documents WHERE extension_id = :id", id=extension_id
        )
        return {row.key: [tuple(one) for one in json.loads(row.value)["seen"]] for row in rows}

    def jobs(self) -> dict[str, int]:
        """Count the jobs that are left, by state."""
        counted = self._rows("SELECT state, count(*) AS number FROM jobs GROUP BY state")
        return {row.state: row.number for row in counted}

    def unplaced(self) -> int:
        """Count the events that have no position yet."""
        (row,) = self._rows("SELECT count(*) AS number FROM events WHERE position IS NULL")
        return int(row.number)

    def drained(self) -> bool:
        """Tell whether everything was told to everybody, and nothing was given up."""
        left = self.jobs()
        assert set(left) <= {"queued", "running"}, left
        return not left and not self.unplaced() and self._ready()

    def _ready(self) -> bool:
        try:
            return self.home.get("/readyz", {}).ok
        except requests.RequestException:
            return False

    def _rows(self, query: str, **given: Any) -> list[Any]:
        with self._engine.connect() as connection:
            return list(connection.execute(text(query), given))


def expect_all_told(scene: Scene, answered: set[tuple[str, int]]) -> None:
    """Compare records, feed and extensions: every change once in the feed, seen by both."""
    leads, feed = scene.leads(), scene.feed()
    versions: dict[str, list[int]] = defaultdict(list)
    for event in feed:
        versions[event["data"]["id"]].append(event["object_version"])
    whole = {lead: list(range(1, version + 1)) for lead, version in leads.items()}
    assert dict(versions) == whole, "each version has one event, in its order"
    positions = [event["position"] for event in feed]
    assert positions == sorted(set(positions))
    assert [count for count in Counter(event["id"] for event in feed).values() if count > 1] == []
    assert {one for one in answered if one[1] > leads.get(one[0], 0)} == set(), "answered and lost"
    for extension_id, types in EXTENSIONS.items():
        kept = scene.kept(extension_id)
        told = {one[0] for seen in kept.values() for one in seen}
        assert {event["id"] for event in feed if event["type"] in types} == told
        for seen in kept.values():
            firsts = list(dict.fromkeys(version for _, version, _ in seen))
            assert firsts == sorted(firsts), f"out of order: {seen}"


def settle(scene: Scene, seconds: float) -> None:
    """Wait until the last event is told to the last of them."""
    eventually(scene.drained, seconds)
