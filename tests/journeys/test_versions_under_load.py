"""An extension is upgraded, returned, switched and rolled back under load: nobody is let down."""

import json
import os
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.life import zipped
from tests.support.ports import free_port
from tests.support.process import StartTree
from tests.support.sampling import FULL
from tests.support.under_load import Question, Tally, gives, has_records, load
from tests.support.waiting import eventually

ID = "changing"
ROOT = f"/api/extensions/{ID}"
SECONDS = 60.0
ROUNDS = 5 if os.environ.get(FULL) else 1
CODE = '''"""Says its version."""

import time

from flask import Blueprint, jsonify

from extensions.extension_base import ExtensionBase, hookimpl

VERSION = "THE VERSION"


class Changing(ExtensionBase):
    """Says its version."""

    def install(self):
        return None

    def uninstall(self):
        return None

    def get_routes(self):
        routes = Blueprint("changing", __name__)
        routes.get("/version")(lambda: jsonify(version=VERSION))

        @routes.get("/lead")
        def lead():
            found = self.app.leads.list(limit=1).data
            return jsonify(version=VERSION, leads=len(found))

        @routes.get("/slow")
        def slow():
            time.sleep(2.0)  # under way while the version is replaced
            return jsonify(version=VERSION, leads=len(self.app.leads.list(limit=1).data))

        return routes

    @hookimpl
    def before_record_save(self, change):
        if VERSION == "3.0.0":
            raise ValueError("broken on purpose")
'''


def package(version: str) -> bytes:
    manifest = {
        "id": ID,
        "name": "Changing",
        "version": version,
        "description": "Says its version",
        "author": "Test",
        "license": "MIT",
        "permissions": ["read:leads"],
        "entry_point": "extension.py",
    }
    code = CODE.replace("THE VERSION", version)
    contents = {"manifest.json": json.dumps(manifest), "extension.py": code, "__init__.py": ""}
    return zipped({name: text.encode() for name, text in contents.items()})


class Server:
    """A server with several web workers."""

    def __init__(self, home: Path, port: int) -> None:
        self.port = port
        self.token = json.loads((home / "demo.json").read_bytes())["api_token"]

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """Ask once; give the JSON of a success."""
        answer = requests.request(
            method,
            f"http://127.0.0.1:{self.port}{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            json=body,
            timeout=SECONDS,
            **more,
        )
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def publish(self, version: str) -> None:
        """Publish a version."""
        self.call(
            "POST", "/api/marketplace/extensions", files={"package": ("x.gcx", package(version))}
        )

    def present(self) -> dict[str, Any]:
        """Give the installation."""
        found: dict[str, Any] = self.call("GET", f"/api/installations/{ID}")
        return found

    def change(self, what: str, **body: Any) -> dict[str, Any]:
        """Change the version; it is live everywhere when this gives back."""
        found: dict[str, Any] = self.call("POST", f"/api/installations/{ID}/{what}", body)
        assert found["live"]
        return found

    def switch(self, *, enabled: bool) -> None:
        """Switch it on or off."""
        found = self.call("PATCH", f"/api/installations/{ID}", {"enabled": enabled})
        assert found["live"]

    def questions(self, *versions: str, also: tuple[int, ...] = ()) -> list[Question]:
        """Give what the clients ask while these versions may answer."""
        plain = [{"version": version} for version in versions]
        reading = [{"version": version, "leads": 1} for version in versions]
        route = Question(f"{ROOT}/version", gives(*plain, also=also))
        lead = Question(f"{ROOT}/lead", gives(*reading, also=also))
        return [
            route,
            lead,
            Question("/api/leads?limit=20", has_records),
            Question("/api/leads?limit=5", has_records),
        ]


@pytest.fixture
def server(start_tree: StartTree, tmp_path: Path, confining: None) -> Server:
    """Give a server that has version 1.0.0."""
    port, home = free_port(), tmp_path / "home"
    tree = start_tree(
        [sys.executable, "-m", "geminicrm", "serve", "--demo"],
        GEMINICRM_ENV="test",
        GEMINICRM_HOME=str(home),
        GEMINICRM_ALLOW_UNSIGNED="yes",
        GEMINICRM_WEB_WORKERS="3",
        PORT=str(port),
    )
    tree.wait_for_ok(f"http://127.0.0.1:{port}/readyz", SECONDS)
    made = Server(home, port)
    made.publish("1.0.0")
    made.call("POST", "/api/installations", {"extension_id": ID, "grant": "requested"})
    return made


@pytest.mark.journey
def test_nobody_notices_an_upgrade_and_the_way_back(server: Server) -> None:
    server.publish("2.0.0")
    for _ in range(ROUNDS):
        with load(server.port, server.token, server.questions("1.0.0", "2.0.0")) as tally:
            slow = Slow(server)
            eventually(partial(_has, tally, 50), SECONDS)
            assert server.change("upgrade")["version"] == "2.0.0"
            after = len(tally.seconds)
            assert slow.answer() == {"version": "1.0.0", "leads": 1}
            eventually(partial(_has, tally, after + 50), SECONDS)
            assert server.change("rollback")["version"] == "1.0.0"
        assert tally.wrong == []
        said = {json.loads(body).get("version") for _, body in tally.seen}
        assert said == {"1.0.0", "2.0.0", None}  # records have none
        assert server.call("GET", f"{ROOT}/version") == {"version": "1.0.0"}


@pytest.mark.journey
def test_a_version_that_fails_goes_back_by_itself_and_takes_nobody_along(server: Server) -> None:
    server.publish("3.0.0")
    with load(server.port, server.token, server.questions("1.0.0", "3.0.0")) as tally:
        server.change("upgrade")
        assert server.present()["watch"]["version"] == "1.0.0"
        for number in range(30):
            server.call("POST", "/api/leads", {"last_name": f"Lovelace {number}"})
        eventually(lambda: server.present()["version"] == "1.0.0", SECONDS)
        eventually(lambda: server.call("GET", f"{ROOT}/version") == {"version": "1.0.0"})
    assert tally.wrong == []
    first, left, _ = server.call("GET", f"/api/installations/{ID}/versions")["data"]
    assert (first["version"], left["outcome"]) == ("1.0.0", "returned")
    assert "broken on purpose" in left["reason"]


@pytest.mark.journey
def test_what_is_switched_off_is_gone_at_once_and_ends_what_it_has_begun(server: Server) -> None:
    for _ in range(ROUNDS):
        questions = server.questions("1.0.0", also=(404,))
        with load(server.port, server.token, questions) as tally:
            slow = Slow(server)
            eventually(partial(_has, tally, 50), SECONDS)
            server.switch(enabled=False)
            answer = requests.get(
                f"http://127.0.0.1:{server.port}{ROOT}/version",
                headers={"Authorization": f"Bearer {server.token}"},
                timeout=SECONDS,
            )
            assert answer.status_code == 404
            assert slow.answer() == {"version": "1.0.0", "leads": 1}
            server.switch(enabled=True)
            assert server.call("GET", f"{ROOT}/version") == {"version": "1.0.0"}
        assert tally.wrong == []


def _has(tally: Tally, answers: int) -> bool:
    return len(tally.seconds) >= answers


class Slow:
    """A request that the extension is at while it is replaced."""

    def __init__(self, server: Server) -> None:
        self._found: list[Any] = []
        self._thread = threading.Thread(target=self._ask, args=(server,))
        self._thread.start()

    def answer(self) -> Any:
        """Give what it was answered."""
        self._thread.join()
        return self._found[0]

    def _ask(self, server: Server) -> None:
        self._found.append(server.call("GET", f"{ROOT}/slow"))
