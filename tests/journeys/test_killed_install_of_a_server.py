"""A command that installs is killed in the middle; the server that lives on takes it back."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.life import zipped
from tests.support.ports import free_port
from tests.support.process import clean_environ
from tests.support.waiting import eventually

_SECONDS = 60.0
ID = "takes-long"
MANIFEST = {
    "id": ID,
    "name": "Takes long",
    "version": "1.0.0",
    "description": "Is not done for a while",
    "author": "Test",
    "license": "MIT",
    "permissions": [],
    "entry_point": "extension.py",
}
EXTENSION = b"""
import threading
from extensions.extension_base import ExtensionBase

class TakesLong(ExtensionBase):
    def install(self):
        if self.app.storage.get("again") is None:
            self.app.storage.put("begun", True)
            self.app.log.info("install() has begun")
            threading.Event().wait(60)

    def uninstall(self):
        return None

    def get_routes(self):
        return None
"""


@pytest.mark.journey
def test_the_server_takes_back_what_a_killed_command_began(start_tree, tmp_path: Path):
    home, port = tmp_path / "home", free_port()
    tree = start_tree(
        [sys.executable, "-m", "geminicrm", "serve", "--demo"],
        GEMINICRM_ENV="test",
        GEMINICRM_HOME=str(home),
        PORT=str(port),
    )
    tree.wait_for_ok(f"http://127.0.0.1:{port}/readyz", _SECONDS)
    package = tmp_path / f"{ID}.zip"
    files = {"manifest.json": json.dumps(MANIFEST).encode(), "extension.py": EXTENSION}
    package.write_bytes(
        zipped({f"takes_long/{name}": text for name, text in {**files, "__init__.py": b""}.items()})
    )
    folders = set((home / "packages").glob("*"))
    command = subprocess.Popen(
        [sys.executable, "-m", "geminicrm", "ext", "install", str(package), "--yes", "--unsigned"],
        env=clean_environ(GEMINICRM_ENV="test", GEMINICRM_HOME=str(home)),
        stdout=subprocess.DEVNULL,
    )
    eventually(lambda: begun(home), _SECONDS)
    assert state(home) == ("running", "mount")
    os.kill(command.pid, signal.SIGKILL)
    command.wait(_SECONDS)

    eventually(lambda: state(home) == ("undone", "mount"), _SECONDS)
    assert {path for path in set((home / "packages").glob("*")) - folders if path.is_dir()} == set()
    assert asked(home, "SELECT count(*) FROM stored_documents WHERE extension_id = ?") == (0,)
    assert asked(home, "SELECT count(*) FROM installations WHERE extension_id = ?") == (0,)
    assert asked(home, "SELECT count(*) FROM install_locks WHERE holder <> '' AND ? <> ''") == (0,)
    eventually(lambda: not begun(home), _SECONDS)


def begun(home: Path) -> bool:
    logs = (home / "logs" / "extensions").glob("*.log")
    return any("install() has begun" in path.read_text() for path in logs)


def asked(home: Path, question: str) -> tuple[object, ...]:
    (path,) = home.glob("*.db")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        found: tuple[object, ...] = database.execute(question, (ID,)).fetchone()
    database.close()
    return found


def state(home: Path) -> tuple[object, ...]:
    return asked(home, "SELECT state, step FROM install_runs WHERE extension_id = ?")
