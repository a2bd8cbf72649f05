"""The tree of processes for real: it starts, stays up, and leaves nothing behind."""

import os
import signal
import sys

import orjson
import pytest
import requests

from tests.support.ports import free_port
from tests.support.process import answers_ok, command_of
from tests.support.waiting import eventually

_SECONDS = 60


@pytest.fixture
def serve(start_tree, tmp_path):
    """Give a started `geminicrm serve --demo` and its address."""
    port = free_port()
    tree = start_tree(
        [sys.executable, "-m", "geminicrm", "serve", "--demo"],
        GEMINICRM_ENV="test",
        GEMINICRM_HOME=str(tmp_path / "home"),
        PORT=str(port),
    )
    address = f"http://127.0.0.1:{port}"
    tree.wait_for_ok(f"{address}/readyz", _SECONDS)
    tree.wait_for_line("sign in with", _SECONDS)
    return tree, address, tmp_path / "home"


def _pids(tree, command):
    return [pid for pid in tree.members() if command in command_of(pid)]


def test_the_demo_runs_and_stops_without_a_trace(serve):
    tree, address, home = serve
    demo = orjson.loads((home / "demo.json").read_bytes())
    assert (home / "demo.json").stat().st_mode & 0o777 == 0o600
    assert demo["url"] == address
    headers = {"Authorization": f"Bearer {demo['api_token']}"}
    leads = requests.get(f"{address}/api/leads?limit=5", headers=headers, timeout=5).json()
    assert len(leads["data"]) == 5
    offered = requests.get(f"{address}/api/marketplace/extensions", headers=headers, timeout=5)
    assert offered.ok
    metrics = requests.get(f"{address}/metrics", timeout=5).text
    assert "geminicrm_request_seconds" in metrics
    tree.stop()


def test_a_killed_worker_is_started_again(serve):
    tree, _address, _home = serve
    (worker,) = _pids(tree, "geminicrm worker")
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: set(_pids(tree, "geminicrm worker")) - {worker}, _SECONDS)
    tree.stop()


def test_a_killed_supervisor_is_started_again(serve):
    tree, _address, _home = serve
    (supervisor,) = _pids(tree, "geminicrm.runtime.supervisor")
    os.kill(supervisor, signal.SIGKILL)
    eventually(lambda: set(_pids(tree, "geminicrm.runtime.supervisor")) - {supervisor}, _SECONDS)
    eventually(lambda: "the supervisor is there" in tree.output(), _SECONDS)
    tree.stop()


def test_a_killed_web_process_is_started_again_with_its_workers(serve):
    tree, address, _home = serve
    before = set(_pids(tree, "geminicrm web"))
    os.kill(min(before), signal.SIGKILL)  # the others are forked from it, and must follow it
    eventually(lambda: set(_pids(tree, "geminicrm web")) - before, _SECONDS)
    eventually(lambda: not set(_pids(tree, "geminicrm web")) & before, _SECONDS)
    eventually(lambda: answers_ok(f"{address}/readyz"), _SECONDS)
    tree.stop()


def test_when_the_tree_itself_is_killed_nothing_survives_it(serve):
    tree, _address, _home = serve
    os.kill(tree.pid, signal.SIGKILL)
    eventually(lambda: not tree.members(), _SECONDS)


GIVES_UP = """
import sys
from geminicrm.processes import tree
sys.exit(tree.run({"nonsense": ("-m", "geminicrm", "nonsense")}, lambda: None))
"""


def test_a_process_that_does_not_stay_up_ends_the_tree(start_tree, tmp_path):
    tree = start_tree(
        [sys.executable, "-c", GIVES_UP],
        GEMINICRM_ENV="test",
        GEMINICRM_HOME=str(tmp_path / "home"),
    )
    eventually(lambda: "does not stay up" in tree.output(), _SECONDS)
    eventually(lambda: not tree.members(), _SECONDS)
