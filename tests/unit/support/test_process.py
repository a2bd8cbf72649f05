import signal
import sys

import pytest

from tests.support.ports import free_port
from tests.support.process import LeftBehind, StartTree, answers_ok, command_of, kill_quietly
from tests.support.waiting import Late

SLEEPER = "import time; print('ready', flush=True); time.sleep(60)"
NONSENSE = """
import socket
server = socket.create_server(("127.0.0.1", 0))
print("port", server.getsockname()[1], flush=True)
client, _ = server.accept()
client.recv(1000)
client.sendall(b"nonsense")
client.close()
"""
ORPHAN = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=True)
print("started", flush=True)
"""


def test_a_tree_stops_and_is_empty(start_tree: StartTree):
    tree = start_tree([sys.executable, "-c", SLEEPER])
    assert tree.wait_for_line("read") == "ready"
    assert tree.members() == [tree.pid]
    assert tree.stop() == -signal.SIGTERM
    assert tree.members() == []


def test_stopping_twice_changes_nothing(start_tree: StartTree):
    tree = start_tree([sys.executable, "-c", "raise SystemExit(3)"])
    tree.process.wait(10)
    assert tree.stop() == 3
    assert tree.stop() == 3


def test_a_child_in_a_session_of_its_own_is_found_and_killed(start_tree: StartTree):
    tree = start_tree([sys.executable, "-c", ORPHAN])
    tree.wait_for_line("started")
    with pytest.raises(LeftBehind, match=r"time\.sleep"):
        tree.stop()
    tree.expect_empty()


def test_a_line_that_never_comes_shows_the_output(start_tree: StartTree):
    tree = start_tree([sys.executable, "-c", SLEEPER])
    tree.wait_for_line("ready")
    with pytest.raises(Late, match="ready"):
        tree.wait_for_line("no such line", 0.05)


def test_an_early_end_is_told_at_once(start_tree: StartTree):
    tree = start_tree([sys.executable, "-c", "print('gave up')"])
    with pytest.raises(Late, match="ended with 0\ngave up"):
        tree.wait_for_line("no such line", 60)


def test_a_web_server_is_waited_for(start_tree: StartTree):
    port = free_port()
    tree = start_tree([sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"])
    tree.wait_for_ok(f"http://127.0.0.1:{port}/")
    assert tree.stop() == -signal.SIGTERM


def test_nonsense_is_no_answer(start_tree: StartTree):
    tree = start_tree([sys.executable, "-c", NONSENSE])
    port = tree.wait_for_line("port ").split()[1]
    assert not answers_ok(f"http://127.0.0.1:{port}/")
    assert tree.process.wait(10) == 0


def test_a_server_that_ended_is_told_at_once(start_tree: StartTree):
    tree = start_tree([sys.executable, "-c", "raise SystemExit(4)"])
    with pytest.raises(Late, match="ended with 4"):
        tree.wait_for_ok(f"http://127.0.0.1:{free_port()}/", 60)


def test_a_process_that_is_gone_has_no_command():
    assert command_of(0) == "(gone)"


def test_the_environment_is_clean(start_tree: StartTree, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GEMINICRM_HOME", "/elsewhere")
    show = "import os; print(os.environ.get('GEMINICRM_HOME'), os.environ['GIVEN'], 'seen')"
    tree = start_tree([sys.executable, "-c", show], GIVEN="this")
    assert tree.wait_for_line("seen") == "None this seen"


def test_a_process_that_is_gone_is_no_error(start_tree: StartTree):
    tree = start_tree([sys.executable, "-c", ""])
    tree.process.wait(10)
    assert kill_quietly(tree.pid) is None
