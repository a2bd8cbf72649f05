"""An installed extension in its host, under a real server: it answers, and leaves nothing."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import requests

from geminicrm.runtime.host.control import Look
from geminicrm.runtime.hosting.supervisor_client import SupervisorClient
from tests.support.life import zipped
from tests.support.ports import free_port
from tests.support.process import clean_environ, command_of
from tests.support.waiting import eventually

_SECONDS = 60.0
MANIFEST = {
    "id": "says-pid",
    "name": "Says pid",
    "version": "1.0.0",
    "description": "Says which process it runs in",
    "author": "Test",
    "license": "MIT",
    "permissions": [],
    "entry_point": "extension.py",
}
EXTENSION = b"""
import os
from extensions.extension_base import ExtensionBase
from flask import Blueprint, jsonify

class SaysPid(ExtensionBase):
    def install(self):
        return None

    def uninstall(self):
        return None

    def get_routes(self):
        routes = Blueprint("says_pid", __name__, url_prefix="/api/extensions/says-pid")
        routes.get("/pid")(lambda: jsonify(pid=os.getpid()))
        return routes
"""


class Server:
    def __init__(self, tree, home, port):
        self.tree = tree
        self.home = home
        self.address = f"http://127.0.0.1:{port}"
        self.environ = {
            "GEMINICRM_ENV": "test",
            "GEMINICRM_HOME": str(home),
            "GEMINICRM_ALLOW_UNSIGNED": "yes",
        }

    def install(self, package):
        words = [sys.executable, "-m", "geminicrm", "ext", "install", package, "--yes"]
        subprocess.run(
            [*words, "--unsigned"], env=clean_environ(**self.environ), check=True, timeout=_SECONDS
        )

    def command(self, *words):
        done = subprocess.run(
            [sys.executable, "-m", "geminicrm", *words],
            env=clean_environ(**self.environ),
            check=True,
            capture_output=True,
            timeout=_SECONDS,
        )
        return done.stdout.decode()

    def pid(self):
        """Give the process that the extension answers from; 0 where it does not answer."""
        token = json.loads((self.home / "demo.json").read_bytes())["api_token"]
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.address}/api/extensions/says-pid/pid"
        answer = requests.get(url, headers=headers, timeout=20)
        return answer.json()["pid"] if answer.ok else 0

    def supervisor(self):
        (found,) = (
            pid for pid in self.tree.members() if "geminicrm.runtime.supervisor" in command_of(pid)
        )
        return found

    def zygote(self):
        client = SupervisorClient(self.home, starts=False)
        return client.ask(Look(), time.monotonic() + 5).zygote


def is_gone(pid):
    return command_of(pid) in {"", "(gone)"}


@pytest.fixture
def server(start_tree, tmp_path):
    port = free_port()
    home = tmp_path / "home"
    tree = start_tree(
        [sys.executable, "-m", "geminicrm", "serve", "--demo"],
        GEMINICRM_ENV="test",
        GEMINICRM_HOME=str(home),
        PORT=str(port),
    )
    tree.wait_for_ok(f"http://127.0.0.1:{port}/readyz", _SECONDS)
    made = Server(tree, home, port)
    package = tmp_path / "says-pid.zip"
    files = {"manifest.json": json.dumps(MANIFEST).encode(), "extension.py": EXTENSION}
    package.write_bytes(
        zipped({f"says_pid/{name}": text for name, text in {**files, "__init__.py": b""}.items()})
    )
    made.install(str(package))
    return made


@pytest.mark.journey
def test_a_hosted_extension_outlives_its_supervisor_but_not_its_server(server):
    first = eventually(server.pid, _SECONDS)
    shown = json.loads(server.command("hosts", "--json"))["hosts"]
    assert [(host["extension_id"], host["pid"]) for host in shown] == [("says-pid", first)]
    assert "says-pid" in server.command("hosts")
    zygote = server.zygote()
    os.kill(server.supervisor(), signal.SIGKILL)
    for pid in (zygote, first):
        eventually(lambda pid=pid: is_gone(pid), _SECONDS)
    second = eventually(server.pid, _SECONDS)
    assert second != first
    zygote = server.zygote()
    os.kill(server.tree.pid, signal.SIGKILL)
    for pid in (zygote, second):
        eventually(lambda pid=pid: is_gone(pid), _SECONDS)
    eventually(lambda: not server.tree.members(), _SECONDS)


@pytest.mark.journey
def test_a_server_that_stops_takes_its_hosts_along(server):
    pid = eventually(server.pid, _SECONDS)
    zygote = server.zygote()
    assert server.tree.stop() == 0
    assert is_gone(pid)
    assert is_gone(zygote)
