import os
from pathlib import Path

import landlockpy
import pytest

from geminicrm.runtime.host.sandbox import kernel as kernels
from geminicrm.runtime.host.sandbox import machine
from geminicrm.runtime.host.sandbox.machine import confines, machine_level
from tests.support.fake_kernel import FakeKernel
from tests.support.locked import locked

NOT_THERE = OSError(38, "Function not implemented")


def test_the_machine_offers_the_landlock_that_another_library_sees():
    assert machine_level()["landlock"] == f"on (ABI {landlockpy.abi_version()})"


def test_looking_locks_nothing():
    machine_level()
    status = Path("/proc/self/status").read_text()
    assert "NoNewPrivs:\t0" in status
    assert "Seccomp_filters:\t0" in status


def test_the_level_has_the_layers_of_a_locked_process():
    assert set(machine_level()) == set(locked({}).level)


@pytest.mark.parametrize(("user", "said"), [(0, "on"), (1000, "off: not started as root")])
def test_only_root_can_give_users(monkeypatch: pytest.MonkeyPatch, user: int, said: str):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    assert machine_level()["uid"] == said


def test_without_landlock_it_confines_nothing(monkeypatch: pytest.MonkeyPatch):
    answers = {"landlock_create_ruleset": NOT_THERE}
    monkeypatch.setattr(machine, "Kernel", lambda: FakeKernel(answers))
    level = machine_level()
    assert level["landlock"] == "off: [Errno 38] Function not implemented"
    assert not confines(level)


def test_nor_without_seccomp(monkeypatch: pytest.MonkeyPatch):
    answers = {"landlock_create_ruleset": 7, "seccomp": NOT_THERE}
    monkeypatch.setattr(machine, "Kernel", lambda: FakeKernel(answers))
    level = machine_level()
    assert level["seccomp"] == "off: the kernel has no seccomp filters"
    assert not confines(level)


def test_another_system_offers_nothing(monkeypatch: pytest.MonkeyPatch):
    name = os.uname_result(("Darwin", "", "", "", "arm64"))
    monkeypatch.setattr(kernels, "uname", lambda: name)
    level = machine_level()
    assert set(level.values()) == {"off: Darwin is not Linux"}
    assert not confines(level)


@pytest.mark.parametrize(
    ("level", "held"),
    [
        ({"landlock": "on (ABI 1)", "seccomp": "on"}, True),
        ({"landlock": "on (ABI 7)", "seccomp": "off: observing"}, False),
        ({"seccomp": "on"}, False),
        ({}, False),
    ],
)
def test_both_layers_are_needed(level: dict[str, str], held: object):
    assert confines(level) is held
