"""Names of processes: who is certainly dead."""

import os
import socket
import subprocess
import sys

import pytest

from geminicrm.kernel.owners import MOST, host_and_pid, is_dead, own_name
from tests.support.waiting import eventually

CODE = "from geminicrm.kernel.owners import own_name; print(own_name())"


def name_of_another() -> str:
    return subprocess.check_output([sys.executable, "-c", CODE], text=True).strip()


def test_who_asks_lives():
    assert not is_dead(own_name())
    assert len(own_name()) <= MOST


def test_one_that_has_ended_is_dead():
    assert is_dead(name_of_another())


def test_a_child_that_nobody_has_buried_is_dead():
    with subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        name = child.stdout.read().strip()
        assert eventually(lambda: is_dead(name))


def test_another_with_the_same_number_is_another():
    assert is_dead(changed(4, "1"))


def test_before_the_last_start_of_the_machine_nobody_lives():
    assert is_dead(changed(1, "0d9b6f0e"))


@pytest.mark.parametrize("place", [0, 2])
def test_what_can_not_be_seen_from_here_may_live(place: int):
    """Another machine; another container, whose processes have numbers of their own."""
    assert not is_dead(changed(place, "elsewhere"))


@pytest.mark.parametrize("name", ["", "|", "host|boot|7|8", "a|b|c|d|e|f"])
def test_a_name_that_says_nothing_proves_nothing(name: str):
    assert not is_dead(name)


def changed(place: int, value: str) -> str:
    parts = own_name().split("|")
    parts[place] = value
    return "|".join(parts)


def test_a_name_tells_host_and_number():
    assert host_and_pid(own_name()) == (socket.gethostname(), os.getpid())
    assert host_and_pid("somebody") == ("somebody", 0)
