"""Trees of processes under measurement."""

import os
import sys

import pytest

from bench.lab import Options, opened
from bench.trees import TreeError, clean_environ, cpu_seconds, free_port, pss_kib

FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("ready", flush=True)
try:
    time.sleep(60)
finally:
    child.kill()
"""
STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
)


@pytest.fixture
def lab():
    with opened(Options.quick(1)) as made:
        yield made


def _start(lab, code):
    tree = lab.start([sys.executable, "-c", code], {}, lab.home("tree"))
    tree.wait_for(lambda: bool(tree.tail()))
    return tree


def test_a_tree_is_measured_and_stopped_with_its_children(lab, monkeypatch):
    monkeypatch.setattr("bench.trees._STOP_SECONDS", 0.5)
    tree = _start(lab, FAMILY)
    assert len(tree.members()) == 2
    assert tree.memory() > 5
    assert tree.cpu() >= 0
    with pytest.raises(TreeError, match="left behind"):
        tree.stop()  # Python dies of SIGTERM without `finally`, so the child is an orphan
    assert tree.members() == []
    tree.stop()


def test_what_does_not_stop_is_killed_and_told(lab, monkeypatch):
    monkeypatch.setattr("bench.trees._STOP_SECONDS", 0.2)
    tree = _start(lab, STUBBORN)
    with pytest.raises(TreeError, match="left behind"):
        tree.stop()
    assert tree.members() == []


def test_a_tree_that_ends_is_not_waited_for(lab):
    tree = lab.start([sys.executable, "-c", "print('no')"], {}, lab.home("tree"))
    with pytest.raises(TreeError, match="not ready"):
        tree.wait_for(lambda: False)


def test_a_lab_leaves_no_folder():
    with opened(Options()) as lab:
        home = lab.home("x")
        lab.say("here")
        assert home.is_dir()
    assert not home.exists()


def test_servers_are_started_without_our_variables(monkeypatch):
    monkeypatch.setenv("GEMINICRM_HOME", "/x")
    monkeypatch.setenv("PORT", "1")
    assert not {"GEMINICRM_HOME", "PORT"} & set(clean_environ())
    assert "PATH" in clean_environ()


def test_proc_is_read_as_it_is_written():
    assert pss_kib(b"Rss: 10 kB\nPss:          123 kB\nPss_Anon: 4 kB\n") == 123
    assert pss_kib(b"") == 0
    tick = os.sysconf("SC_CLK_TCK")
    stat = b"1 (a) b) S " + b" ".join(str(number).encode() for number in range(1, 40))
    assert cpu_seconds(stat) == (11 + 12) / tick
    assert cpu_seconds(b"") == 0
    assert 0 < free_port() < 65536
