"""An extension keeps every process from coming up: safe mode comes by itself, and goes again."""

import json
import time

import pytest
import requests

from tests.support.homes import SERVE, Home
from tests.support.sample_extensions import HEAD, QUIET, with_routes
from tests.support.waiting import eventually

_SECONDS = 150.0
KILLS = f"import os\nos._exit(3)\n{HEAD}{QUIET}"
HANGS = f"import time\ntime.sleep(3600)\n{HEAD}{QUIET}"
GOOD = with_routes("@routes.get('/hello')\ndef hello():\n    return 'hello'\n")


@pytest.fixture
def home(tmp_path):
    made = Home(tmp_path / "home", GEMINICRM_START_SECONDS="15")
    made.headers = made.demo()
    made.put(GOOD, "good-one")
    return made


def status(home):
    return home.get("/api/extensions/good-one/hello", home.headers).status_code


@pytest.mark.journey
def test_what_kills_each_worker_at_load_ends_in_safe_mode_where_it_can_be_removed(home, start_tree):
    home.put(KILLS, "bad-one")
    tree = start_tree(SERVE, **home.environ)
    tree.wait_for_line("SAFE MODE", _SECONDS)

    state = home.safe_mode()
    assert (state["on"], state["by"]) == (True, "start")
    answer = home.get("/api/extensions/good-one/hello", home.headers)
    assert answer.status_code == 503
    assert answer.json()["code"] == "safe_mode"
    assert answer.headers["Retry-After"]
    assert home.get("/api/leads", home.headers).ok, "the CRM works"
    listed = home.get("/api/attention", home.headers).json()["data"]
    assert listed[0]["code"] == "safe_mode"
    assert "its own uninstall() was not run" in home.run("ext", "uninstall", "bad-one", "--json")

    off = requests.put(
        f"{home.address}/api/safe-mode", json={"on": False}, headers=home.headers, timeout=20
    )
    assert off.json()["on"] is False
    eventually(lambda: status(home) == 200, _SECONDS)
    assert tree.stop() == 0


@pytest.mark.journey
def test_what_hangs_each_worker_at_load_counts_as_a_failed_start(home, start_tree):
    home.put(HANGS, "bad-one")
    now = time.time()
    (home.home / "starts.json").write_text(
        json.dumps({"failed": [now - 9, now - 5], "pending": None})
    )
    tree = start_tree(SERVE, **home.environ)
    tree.wait_for_line("SAFE MODE", _SECONDS)

    home.run("ext", "disable", "bad-one")
    home.run("safe-mode", "off")

    eventually(lambda: status(home) == 200, _SECONDS)
    assert tree.stop() == 0


@pytest.mark.journey
def test_a_port_that_is_taken_is_no_failed_start(home, start_tree):
    first = start_tree(SERVE, **home.environ)
    first.wait_for_ok(f"{home.address}/readyz", _SECONDS)
    second = start_tree(SERVE, **home.environ)
    eventually(lambda: second.process.poll() is not None, _SECONDS)

    assert second.process.returncode == 1
    assert "is taken" in second.output()
    assert home.safe_mode()["on"] is False
    assert first.stop() == 0
