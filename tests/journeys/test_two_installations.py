"""A registry and a CRM, each a tree of processes of its own: published there, installed here.

The whole way goes over HTTP: sign up, publish, add the registry by its key, install, upgrade, yank,
and an order to stop that reaches what is installed.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from tests.support.far_registry import NAME
from tests.support.life import HELLO, files, zipped
from tests.support.ports import free_port
from tests.support.process import StartTree, Tree, clean_environ
from tests.support.waiting import eventually

SECONDS = 90
PASSWORD = "correct horse battery"
pytestmark = pytest.mark.journey


class Side:
    """One installation: its tree, its home, its address, and a token of somebody there."""

    def __init__(self, start: StartTree, home: Path, *words: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {
            "GEMINICRM_ENV": "test",
            "GEMINICRM_HOME": str(home),
            "GEMINICRM_WEB_WORKERS": "1",
            "GEMINICRM_EGRESS_ALLOW": "127.0.0.1/32",
            "PORT": str(port),
        }
        self.tree: Tree = start([sys.executable, "-m", "geminicrm", *words], **self.environ)
        self.tree.wait_for_ok(f"{self.url}/readyz", SECONDS)
        self.session = requests.Session()

    def run(self, *words: str) -> Any:
        """Run a command beside the server; give its JSON."""
        ran = subprocess.run(
            [sys.executable, "-m", "geminicrm", *words, "--json"],
            env=clean_environ(**self.environ), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return orjson.loads(ran.stdout)

    def token(self, email: str, scopes: str) -> None:
        """Go on as this person."""
        made = self.run("tokens", "create", "--user", email, "--scopes", scopes)
        self.session.headers["Authorization"] = f"Bearer {made['token']}"

    def call(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """Call the REST API; give the answer's JSON."""
        answer = self.session.request(method, self.url + path, timeout=60, **options)
        assert answer.status_code == status, answer.text
        return orjson.loads(answer.content or b"null")

    def end(self) -> None:
        """Stop the tree, which has to end by itself and leave nothing."""
        self.session.close()
        assert self.tree.stop() == 0


def publish(there: Side, version: str) -> None:
    package = {"package": ("hello.gcx", zipped(files(version=version)))}
    there.call("POST", "/api/marketplace/extensions", 201, files=package)


def installed(here: Side) -> dict[str, Any]:
    found: dict[str, Any] = here.call("GET", f"/api/installations/{HELLO}")
    return found


@pytest.fixture
def there(start_tree: StartTree, tmp_path: Path) -> Side:
    """Give a registry with a publisher and a version."""
    made = Side(start_tree, tmp_path / "registry", "registry", "serve")
    made.run("users", "create", "--email", "ada@publisher.example", "--role", "owner",
             "--password", PASSWORD, "--workspace", "ada", "--new-workspace")  # fmt: skip
    made.token("ada@publisher.example", "publish:extensions operate:instance")
    profile = {"slug": "ada", "name": "Ada", "kind": "person"}
    made.call("POST", "/api/publishers", 201, json=profile)
    publish(made, "1.0.0")
    return made


@pytest.fixture
def here(start_tree: StartTree, tmp_path: Path, there: Side) -> Side:
    """Give a CRM that takes packages from it."""
    made = Side(start_tree, tmp_path / "crm", "serve", "--demo")
    document = orjson.loads(there.call("GET", "/api/registry/v1/keys")["text"])
    (key,) = [one["id"] for one in document["keys"] if one["state"] == "active"]
    made.run("registry", "add", NAME, there.url, "--key", key, "--yes")
    scopes = "manage:extensions read:extensions read:leads operate:instance"
    made.token("owner@demo.example", scopes)
    return made


def test_published_there_and_installed_here(there: Side, here: Side):
    body = {"extension_id": HELLO, "grant": "requested", "allow_unsigned": True}
    here.call("POST", "/api/installations", 201, json=body)
    assert installed(here)["version"] == "1.0.0"
    (listed,) = [one for one in here.call("GET", "/api/registries")["data"] if one["url"]]
    assert (listed["installations"], listed["error"]) == (1, None)

    publish(there, "1.1.0")
    wish = {"grant": "requested", "allow_unsigned": True}
    here.call("POST", f"/api/installations/{HELLO}/upgrade", json=wish)
    assert installed(here)["version"] == "1.1.0"

    versions = f"/api/marketplace/extensions/{HELLO}/versions"
    there.call("POST", f"{versions}/1.1.0/yank", json={"reason": "It counts wrong."})
    here.call("POST", f"/api/registries/{NAME}/refresh")
    assert installed(here)["status"] == "enabled"
    told = here.call("GET", "/api/attention")["data"]
    assert any("was yanked" in one["title"] for one in told)

    order = {"extension_id": HELLO, "affected": "*", "reason": "It tells secrets."}
    there.call("POST", "/api/moderation/kills", 201, json=order)
    here.call("POST", f"/api/registries/{NAME}/refresh")
    eventually(lambda: installed(here)["status"] == "quarantined", 10)
    assert "It tells secrets." in installed(here)["error"]

    there.end()
    away = here.call("POST", f"/api/registries/{NAME}/refresh", 503)
    assert away["code"] == "registry_unreachable"
    here.call("GET", "/api/marketplace/extensions")
    here.end()
