"""What a host tries before it loads code; unlocked, so that all of it is seen to be done."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from geminicrm.runtime.host.sandbox import proof
from geminicrm.runtime.host.sandbox.kernel import Kernel
from tests.support.locked import ROOT, locked

ALL = frozenset({"landlock", "seccomp", "rlimits", "uid", "capabilities", "parent"})
OF_FILES = ["read the canary", "read the parent's environment"]
UNLOCKED = """
import sys
from geminicrm.runtime.host.sandbox.proof import ProofFailed, prove
try:
    print("\\n".join(prove(sys.argv[1], frozenset(sys.argv[2:]))))
except ProofFailed as failed:
    print(f"failed: {failed}")
"""


@pytest.fixture
def canary(tmp_path: Path) -> str:
    (tmp_path / "canary").write_text("still here")
    return str(tmp_path / "canary")


def unlocked(canary: str, *without: str) -> str:
    """Prove in a process without any lock."""
    command = [sys.executable, "-c", UNLOCKED, canary, *without]
    env = {**os.environ, "PYTHONPATH": ROOT}
    return subprocess.check_output(command, text=True, env=env, cwd=ROOT)


def names(canary: str) -> list[str]:
    return [each.name for each in proof.proofs(canary, Kernel())]


def test_a_locked_process_is_refused_everything(canary: str):
    attempts = {"proofs": f"list(proof.prove({canary!r}, frozenset(), prepared.kernel))"}
    assert locked(attempts).tried == {"proofs": names(canary)}


def test_without_landlock_only_files_are_open(canary: str):
    left_out = "frozenset({'landlock'})"
    tried = locked(
        {"proofs": f"list(proof.prove({canary!r}, {left_out}))"}, without=["landlock", "uid"]
    ).tried
    # An ordinary user may read its own processes; root without capabilities not those of root.
    assert {"read the canary"} <= set(names(canary)) - set(tried["proofs"]) <= set(OF_FILES)


def test_without_seccomp_files_stay_closed(canary: str):
    left_out = "frozenset({'seccomp'})"
    tried = locked(
        {"proofs": f"list(proof.prove({canary!r}, {left_out}))"}, without=["seccomp"]
    ).tried
    assert {*OF_FILES, "write the canary"} <= set(tried["proofs"])
    assert "open a netlink socket" not in tried["proofs"]


@pytest.mark.parametrize(
    ("layer", "name"), [("landlock", "read the canary"), ("seccomp", "change the canary's mode")]
)
def test_a_layer_that_should_be_there_and_is_not_is_found_out(canary: str, layer: str, name: str):
    failing = "the locks do not hold: "
    before = f"""
def outcome_of():
    try:
        proof.prove({canary!r}, frozenset())
    except proof.ProofFailed as failed:
        return str(failed)
"""
    tried = locked({"proofs": "outcome_of()"}, before=before, without=[layer]).tried
    assert tried == {"proofs": f"{failing}{name}"}


def test_an_unlocked_process_fails_at_the_first_proof(canary: str):
    assert unlocked(canary) == "failed: the locks do not hold: read the canary\n"


def test_what_goes_through_does_no_harm(canary: str):
    Path(canary).chmod(0o640)
    through = set(names(canary)) - set(unlocked(canary, *ALL).splitlines())
    assert {*OF_FILES, "fork", "open a unix socket", "make a file in memory"} <= through
    assert Path(canary).read_text() == "still here"
    assert Path(canary).stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(("errno", "refused"), [(1, True), (13, True), (2, False), (38, False)])
def test_only_a_refusal_counts_as_one(errno: int, refused: object):
    def attempt() -> None:
        raise OSError(errno, "some reason")

    tried = proof.Proof("try", attempt, frozenset({"landlock", "seccomp"}))
    assert tried.refused(frozenset({"landlock", "seccomp"})) is refused


@pytest.mark.parametrize("without", [{"landlock"}, {"seccomp"}, set()])
def test_one_layer_in_force_must_stop_it(without: set[str]):
    tried = proof.Proof("try", list, frozenset({"landlock", "seccomp"}))
    with pytest.raises(proof.ProofFailed, match="do not hold: try"):
        tried.refused(frozenset(without))


def fail_to_start(self: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_a_process_that_cannot_work_is_no_host(canary: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threading.Thread, "start", fail_to_start)
    with pytest.raises(proof.ProofFailed, match="work as allowed") as caught:
        proof.prove(canary, ALL)
    assert caught.value.name == "work as allowed (can't start new thread)"


def test_a_pair_of_sockets_is_part_of_the_work(canary: str, monkeypatch: pytest.MonkeyPatch):
    def refuse() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket, "socketpair", refuse)
    with pytest.raises(proof.ProofFailed, match="not permitted"):
        proof.prove(canary, ALL)
