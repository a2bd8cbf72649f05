"""The order of the locks, against a kernel that only remembers."""

import os
import resource
from collections.abc import Callable
from dataclasses import replace

import pytest

from geminicrm.runtime.host.sandbox import identity, seccomp
from geminicrm.runtime.host.sandbox import kernel as kernels
from geminicrm.runtime.host.sandbox.bpf import Program
from geminicrm.runtime.host.sandbox.lock import (
    MANDATORY,
    LockFailed,
    Locks,
    Prepared,
    lock_up,
    prepare,
)
from tests.support.fake_kernel import FakeKernel

PROGRAM = Program(())
ALL = frozenset({*MANDATORY, "uid"})


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> FakeKernel:
    """Give a kernel that also remembers what goes through Python's own functions."""
    found = FakeKernel(answers={"landlock_create_ruleset": 7})

    def noted(name: str) -> Callable[..., None]:
        return lambda *arguments: found.calls.append((name, arguments))

    for name in ("setgroups", "setresgid", "setresuid", "nice"):
        monkeypatch.setattr(os, name, noted(name))
    monkeypatch.setattr(resource, "setrlimit", noted("setrlimit"))
    monkeypatch.setattr(identity, "threads", lambda: 1)
    return found


@pytest.fixture
def locks() -> Locks:
    return Locks(reads=("/nonexistent",), uid=61000, parent=os.getppid())


def names_of(kernel: FakeKernel) -> list[str]:
    """Give the calls in order, each once; prctl with its option."""
    named = [f"prctl {given[0]}" if name == "prctl" else name for name, given in kernel.calls]
    return list(dict.fromkeys(named))


def stop_bounding_at(kernel: FakeKernel, errno: int) -> None:
    """Have the kernel refuse to drop anything, as for a capability beyond the last one."""
    kernel.refuse_prctl[24] = OSError(errno, "refused")


def test_the_layers_come_in_an_order_in_which_each_can_still_be_applied(
    kernel: FakeKernel, locks: Locks
):
    stop_bounding_at(kernel, 22)
    level = lock_up(locks, Prepared(kernel, PROGRAM))
    assert names_of(kernel) == [
        "prctl 38",  # no_new_privs, which Landlock and seccomp ask for
        "setrlimit",
        "prctl 24",  # the bounding set, while it is allowed
        "setgroups",
        "setresgid",
        "setresuid",
        "prctl 47",
        "capset",
        "nice",
        "prctl 1",  # to die with the parent: changing the user would undo it
        "prctl 4",
        "landlock_create_ruleset",
        "landlock_restrict_self",
        "seccomp",
    ]
    assert level == {
        "cgroup": "off: not delegated",
        "rlimits": "on",
        "uid": "on (61000)",
        "capabilities": "on",
        "parent": "on",
        "landlock": "on (ABI 7)",
        "seccomp": "on",
    }


def test_a_process_without_the_right_to_drop_the_bounding_set_is_locked_all_the_same(
    kernel: FakeKernel, locks: Locks
):
    stop_bounding_at(kernel, 1)
    level = lock_up(replace(locks, uid=None, uid_off="no root"), Prepared(kernel, PROGRAM))
    assert level["capabilities"] == "on"
    assert level["uid"] == "off: no root"
    assert "setresuid" not in names_of(kernel)


@pytest.mark.parametrize("layer", sorted(ALL))
def test_a_layer_that_is_left_out_is_left_out_alone(kernel: FakeKernel, locks: Locks, layer: str):
    stop_bounding_at(kernel, 22)
    level = lock_up(replace(locks, without=frozenset({layer})), Prepared(kernel, PROGRAM))
    assert {name for name, state in level.items() if state == "off: left out"} == {layer}


@pytest.mark.parametrize(
    ("call", "layer"),
    [
        ("seccomp", "seccomp"),
        ("landlock_restrict_self", "landlock"),
        ("capset", "capabilities"),
        ("prctl", "no_new_privs"),
    ],
)
def test_a_layer_that_fails_says_which_and_why(
    kernel: FakeKernel, locks: Locks, call: str, layer: str
):
    refusing = FakeKernel({"landlock_create_ruleset": 7, call: OSError(12, "no memory")})
    refusing.refuse_prctl[24] = OSError(22, "no more")
    without = ALL - {layer}
    with pytest.raises(LockFailed, match="no memory") as caught:
        lock_up(replace(locks, without=without), Prepared(refusing, PROGRAM))
    assert (caught.value.layer, str(caught.value)) == (layer, f"{layer}: [Errno 12] no memory")


def test_a_process_with_more_threads_is_not_locked_up(
    kernel: FakeKernel, locks: Locks, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(identity, "threads", lambda: 2)
    with pytest.raises(LockFailed, match="threads: 2 threads run"):
        lock_up(locks, Prepared(kernel, PROGRAM))
    assert kernel.calls == []


@pytest.mark.parametrize(("user", "said"), [(0, "root's are not counted"), (1000, "on")])
def test_limits_without_a_user_of_its_own_say_what_they_leave_out(
    kernel: FakeKernel, locks: Locks, monkeypatch: pytest.MonkeyPatch, user: int, said: str
):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    only = replace(locks, without=ALL - {"rlimits"})
    assert said in lock_up(only, Prepared(kernel, PROGRAM))["rlimits"]


def test_an_observing_filter_is_no_lock(kernel: FakeKernel, locks: Locks):
    only = replace(locks, without=ALL - {"seccomp"}, observe=True)
    assert lock_up(only, Prepared(kernel, PROGRAM))["seccomp"] == "off: observing"


def test_what_is_prepared_is_the_filter_of_this_machine():
    prepared = prepare()
    expected = seccomp.program_for(prepared.kernel.machine)
    assert prepared.program.bytes_for(5) == expected.bytes_for(5)


@pytest.mark.parametrize(
    ("system", "machine", "reason"),
    [("Darwin", "arm64", "Darwin is not Linux"), ("Linux", "mips", "no table of system calls")],
)
def test_another_system_cannot_lock_up(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, reason: str
):
    monkeypatch.setattr(kernels, "uname", lambda: os.uname_result((system, "", "", "", machine)))
    with pytest.raises(LockFailed, match=reason):
        prepare()
