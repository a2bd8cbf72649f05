"""oauth2-mock-server of npm: an authorization server that others wrote, which .ci/run installs."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.ports import free_port
from tests.support.servers import owned_folder, running
from tests.support.waiting import eventually

MISSING = "oauth2-mock-server is not on this machine (.ci/run installs it; needs node)"
_SCRIPT = "geminicrm-peers/node_modules/oauth2-mock-server/dist/oauth2-mock-server.js"


def _script() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / _SCRIPT


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/.well-known/openid-configuration", timeout=5).ok
    except requests.RequestException as error:
        raise ConnectionError(str(error)) from error


@pytest.fixture(scope="session")
def oauth2_mock_server() -> Iterator[str]:
    """Give the address of one of this test process; skips where it is not installed."""
    node, script = shutil.which("node"), _script()
    if node is None or not script.exists():
        pytest.skip(MISSING)
    folder = owned_folder("gcrm-oauth-", None)
    port = free_port()
    command = [node, str(script), "-a", "127.0.0.1", "-p", str(port)]
    try:
        with running(command, folder / "log", None):
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: _answers(url), 30)
            yield url
    finally:
        shutil.rmtree(folder)
