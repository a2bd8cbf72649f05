import os
import subprocess
import sys
from pathlib import Path

import pytest

from geminicrm.runtime.host.sandbox.observe import described
from tests.support.locked import ROOT

HONEST = "import json, threading; print(json.dumps([1]))"
CURIOUS = """
import os, socket
for _ in range(2):
    socket.socket().close()
child = os.fork()
if child == 0:
    os.chmod(__file__, 0o600)
    os._exit(0)
os.wait()
open(os.devnull, "w").close()
"""


def observe(tmp_path: Path, script: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, "-m", "geminicrm.runtime.host.sandbox.observe"]
    return subprocess.run(
        [*command, str(tmp_path / "script.py")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": ROOT},
    )


def test_an_honest_script_is_let_through(tmp_path: Path):
    done = observe(tmp_path, HONEST)
    assert "[1]\n" in done.stdout
    assert done.stderr == ""


def test_what_would_be_refused_is_counted_and_still_done(tmp_path: Path):
    done = observe(tmp_path, CURIOUS)
    counted = [line.split(maxsplit=1) for line in done.stdout.splitlines()]
    calls = {call: int(count) for count, call in counted}
    assert calls["socket"] == 2
    assert calls["openat(2: 0x80241)"] == 1
    assert calls["chmod"] == 1
    assert any(call.startswith("clone(0: ") for call in calls)
    assert done.returncode == 1


def test_a_script_that_fails_is_told_from_one_that_is_refused(tmp_path: Path):
    done = observe(tmp_path, "raise ValueError('on purpose')")
    assert "ValueError: on purpose" in done.stderr
    assert done.returncode == 2


def test_without_a_script_it_says_what_it_wants():
    command = [sys.executable, "-m", "geminicrm.runtime.host.sandbox.observe"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr.startswith("usage: ")
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("name", "shown"), [("ioctl", "ioctl(1: 0x5412)"), ("ptrace", "ptrace"), ("500", "500")]
)
def test_a_call_is_shown_with_the_arguments_that_are_looked_at(name: str, shown: str):
    assert described(name, [1, 0x5412, 3, 0, 0, 0]) == shown
