"""Our own server under test, prepared by its public commands and its public API."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet

from bench.fill import fill_leads
from bench.lab import Lab
from bench.services import Service, answers
from bench.trees import ROOT, clean_environ, free_port

WORKSPACE = "bench"
EMAIL = "owner@bench.example"
PASSWORD = "correct horse battery"  # noqa: S105 - of a server that lives for seconds
SCOPES = (
    "read:leads write:leads read:contacts write:contacts read:users "
    "read:extensions manage:extensions publish:extensions"
)
WEB = [sys.executable, "-m", "geminicrm", "web"]
_SLOWEST_COMMAND = 120.0


@dataclass(frozen=True)
class Home:
    """A home with tables, a workspace, an owner and a token."""

    path: Path
    port: int
    environ: Mapping[str, str]
    token: str

    @property
    def database(self) -> Path:
        """Where the records are."""
        return self.path / "geminicrm.db"


def settings(home: Path, port: int, threads: int) -> dict[str, str]:
    """Give the environment of a server as in production, with one process."""
    return {
        "GEMINICRM_ENV": "production",
        "GEMINICRM_HOME": str(home),
        "GEMINICRM_PUBLIC_URL": f"https://127.0.0.1:{port}",
        "GEMINICRM_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "GEMINICRM_ALLOW_UNSIGNED": "yes",
        "GEMINICRM_WEB_WORKERS": "1",
        "GEMINICRM_WEB_THREADS": str(threads),
        "PORT": str(port),
    }


def prepare(lab: Lab, name: str, rows: int, **changes: str) -> tuple[Home, list[str]]:
    """Make a home with `rows` leads; give it and the ids of some of them."""
    path, port = lab.home(name), free_port()
    environ = {**settings(path, port, lab.options.threads), **changes}
    lab.say(f"{name}: preparing a home with {rows:,} leads")
    command(environ, "db", "upgrade")
    command(environ, "users", "create", "--email", EMAIL, "--role", "owner", "--password", PASSWORD,
            "--workspace", WORKSPACE, "--new-workspace", "--json")  # fmt: skip
    made = command(environ, "tokens", "create", "--user", EMAIL, "--scopes", SCOPES, "--json")
    home = Home(path, port, environ, json.loads(made)["token"])
    return home, _filled(home, rows) if rows else []


def _filled(home: Home, rows: int) -> list[str]:
    with sqlite3.connect(home.database) as connection:
        ids = fill_leads(connection, rows)
    connection.close()
    return ids


def start(lab: Lab, name: str = "ours", rows: int | None = None, **changes: str) -> Service:
    """Start `geminicrm web` on a home of its own with the usual records."""
    home, ids = prepare(lab, name, lab.options.rows if rows is None else rows, **changes)
    return serve(lab, name, home, ids, WEB)


def serve(
    lab: Lab, name: str, home: Home, ids: list[str], web: list[str], path: str = "/readyz"
) -> Service:
    """Start the given command on a prepared home and wait until it is ready."""
    tree = lab.start(web, home.environ, home.path)
    tree.wait_for(lambda: answers(home.port, path))
    return Service(
        name=name, tree=tree, port=home.port, token=home.token, ids=ids, environ=home.environ
    )


def command(environ: Mapping[str, str], *arguments: str) -> str:
    """Run `geminicrm ...`; give what it prints. CommandFailed with what it complained of."""
    done = subprocess.run(
        [sys.executable, "-m", "geminicrm", *arguments],
        env={**clean_environ(), **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SLOWEST_COMMAND,
        check=False,
    )
    if done.returncode != os.EX_OK:
        raise CommandFailed(f"geminicrm {' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


class CommandFailed(RuntimeError):
    """A command of ours that the bench needs did not end with 0."""
