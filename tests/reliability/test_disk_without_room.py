"""A server whose disk really fills up: it says so, loses nothing, goes on when there is room."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from geminicrm.app import build_core
from geminicrm.config import Settings
from tests.support.core import make_tenant
from tests.support.homes import SERVE, Home
from tests.support.process import StartTree, Tree
from tests.support.waiting import eventually

_SECONDS = 120.0
_DISK = "24m"
_CHUNK = b"x" * 4096
_LEFT = 512 * 1024
# Mounts that nobody else sees, and that are gone with the last process that does.
_OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")
_ON_A_DISK = 'mount -t tmpfs -o "size=$1" none "$2" && cp -a "$3/." "$2" && shift 3 && exec "$@"'


def may_mount() -> bool:
    """Tell whether a process may have mounts of its own here."""
    if shutil.which(_OWN_MOUNTS[0]) is None:
        return False
    mount = ("mount", "-t", "tmpfs", "none", "/mnt")
    return subprocess.run([*_OWN_MOUNTS, *mount], capture_output=True, check=False).returncode == 0


class Served:
    """A server on a disk of few megabytes; what it has answered to."""

    def __init__(self, folder: Path, start_tree: StartTree) -> None:
        prepared = Home(folder / "home")
        prepared.run("db", "upgrade")
        core = build_core(Settings.from_env(prepared.environ))
        self.headers = make_tenant(core, "north").headers()
        core.close()
        files = prepared.home.rename(folder / "files")
        prepared.home.mkdir()
        self.home = prepared
        on_a_disk = (*_OWN_MOUNTS, "sh", "-c", _ON_A_DISK, "sh", _DISK, prepared.home, files)
        self.tree: Tree = start_tree((*map(str, on_a_disk), *SERVE), **prepared.environ)
        self.tree.wait_for_ok(f"{prepared.address}/readyz", _SECONDS)
        self._ballast = Path(f"/proc/{self.tree.pid}/root{prepared.home}/ballast")

    def fill(self) -> None:
        """Leave room for a few records at most."""
        with suppress(OSError), self._ballast.open("wb", buffering=0) as file:
            while True:
                file.write(_CHUNK)
        os.truncate(self._ballast, self._ballast.stat().st_size - _LEFT)

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink()

    def post(self, name: str) -> requests.Response:
        """Ask for a lead that takes some room."""
        body = {"last_name": name, "custom": {"text": "x" * 3_000}}
        url = f"{self.home.address}/api/leads"
        return requests.post(url, json=body, headers=self.headers, timeout=_SECONDS)

    def get(self, path: str) -> list[dict[str, Any]]:
        """Give the records or events below a path: a hundred at most."""
        answer = self.home.get(f"{path}?limit=100", self.headers)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]
        return found


@pytest.fixture
def served(tmp_path, start_tree):
    if not may_mount():
        pytest.skip("no process may have mounts of its own on this machine")
    return Served(tmp_path, start_tree)


@pytest.mark.journey
def test_a_disk_that_is_full_costs_nothing_that_was_confirmed(served):
    first = [served.post(f"Before {number}") for number in range(3)]
    assert [one.status_code for one in first] == [201] * 3
    members = served.tree.members()
    served.fill()
    tried = [served.post(f"Meanwhile {number}") for number in range(40)]
    refused = [one for one in tried if one.status_code != 201]
    assert 0 < len(refused) < len(tried)
    assert {one.status_code for one in refused} <= {503, 507}
    assert {one.json()["code"] for one in refused} <= {"disk_full", "unavailable"}
    kept = {one.json()["id"] for one in (*first, *tried) if one.status_code == 201}
    assert {one["id"] for one in served.get("/api/leads")} == kept, "reading goes on"
    served.free()
    kept.add(served.post("Afterwards").json()["id"])
    assert {one["id"] for one in served.get("/api/leads")} == kept
    eventually(lambda: len(served.get("/api/events")) == len(kept), _SECONDS)
    feed = served.get("/api/events")
    assert {one["data"]["id"] for one in feed} == kept
    assert [one["position"] for one in feed] == list(range(1, len(kept) + 1))
    assert served.tree.members() == members, "and no process has died of it"
    assert served.tree.stop() == 0
