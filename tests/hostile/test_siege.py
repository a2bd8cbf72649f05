"""Every attack from a package that an admin has installed, against the real tree of processes."""

import os

import pytest

from geminicrm.runtime.host.sandbox.machine import confines, machine_level
from tests.support.hostile.expectations import BOMBS, EXPECTED, looks_of
from tests.support.hostile.siege import INSTALLATION, begun
from tests.support.hostile_extension.attacks import answers, doors, wire
from tests.support.waiting import eventually

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not confines(machine_level()), reason="no Landlock or no seccomp here"),
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="the attacks are for x86_64"),
]
# Refused before it leaves the process, by the door in the core, by its grant.
PROTOCOL = (500, 502, 503, 504)
CRASHES = (
    "abort", "broken_stack", "close_everything", "exit_at_once", "kill_itself", "wild_pointer",
    "thirty_two_bit_call", "x32_call", "x32_fork",
)  # fmt: skip
HANGS = ("endless_loop", "endless_pattern", "stop_itself")
LOGS = ("binary_log", "log_flood")
QUIET = sorted(set(EXPECTED) - set(CRASHES) - set(BOMBS) - {"tell_existence"})


@pytest.fixture(scope="module")
def siege():
    with begun() as made:
        yield made


@pytest.fixture(autouse=True)
def untouched(siege):
    """Each attack meets a host that runs, and a core that is as it was after it."""
    siege.recover()
    yield
    assert siege.harm() == []


def test_every_attack_on_the_system_is_refused(siege):
    found = {name: siege.settled("attack", name) for name in QUIET}
    assert {name: each for name, each in found.items() if not each.get("refused")} == {}


@pytest.mark.parametrize("name", sorted(BOMBS & set(EXPECTED)))
def test_a_bomb_is_refused_or_its_host_is_ended(siege, name):
    """Who is first, the kernel at its limit or the supervisor that looks, is a matter of time."""
    found = siege.outcome("attack", name)
    assert found.get("refused") or found["core"] in PROTOCOL
    assert siege.hello("control")


@pytest.mark.parametrize("name", CRASHES)
def test_a_host_that_ends_itself_is_started_again(siege, name):
    assert siege.attack("attack", name).status_code in PROTOCOL
    assert siege.hello("control")


def test_a_host_that_ends_again_and_again_is_switched_off(siege):
    def crashed():
        siege.attack("attack", "exit_at_once")
        return siege.done("GET", INSTALLATION)["status"] == "failed"

    assert eventually(crashed, 60)
    found = siege.done("GET", INSTALLATION)
    assert not found["enabled"]
    assert found["error"]


@pytest.mark.parametrize("name", HANGS)
def test_a_host_that_does_not_return_is_ended(siege, name):
    assert siege.attack("attack", name).status_code in PROTOCOL
    assert siege.hello("control")


@pytest.mark.parametrize("name", LOGS)
def test_what_it_prints_is_kept_apart(siege, name):
    assert siege.attack("attack", name).status_code in {200, *PROTOCOL}


@pytest.mark.parametrize("name", sorted(set(wire.ATTACKS) - wire.ANSWERED))
def test_a_host_that_breaks_the_protocol_harms_its_own_call(siege, name):
    assert siege.attack("wire", name).status_code in {502, 504}
    assert siege.hello("control")


@pytest.mark.parametrize("name", sorted(wire.ANSWERED))
def test_what_follows_an_answer_does_not_count(siege, name):
    assert siege.attack("wire", name).json() == {}
    assert siege.hello()


@pytest.mark.parametrize("name", sorted(answers.ANSWERS))
def test_no_answer_carries_what_it_may_not(siege, name):
    said = siege.attack("answer", name)
    assert answers.EVIL not in str(said.headers)
    assert "set-cookie" not in said.headers
    assert said.status_code in {200, 502}
    assert said.status_code == 502 or "sandbox" in said.headers["content-security-policy"]


@pytest.mark.parametrize("name", sorted(doors.REFUSALS))
def test_every_door_refuses_what_is_not_its_own(siege, name):
    assert looks_of(siege.outcome("door", name)) == doors.REFUSALS[name]


def test_goodbyes_without_end_end_the_call(siege):
    assert siege.attack("wire", "goaway_flood").status_code == 502


def test_a_flood_of_calls_back_ends_the_call(siege):
    assert siege.attack("door", "call_flood").status_code in {502, 504}


def test_a_scope_taken_away_is_gone_at_once(siege):
    path = f"{INSTALLATION}/permissions"
    wide = ["read:contacts", "read:leads", "write:leads"]
    siege.done("PATCH", path, json={"granted": wide})
    assert "went_through" in siege.outcome("door", "scope_taken_away")
    siege.done("DELETE", f"{path}/read:contacts")
    assert looks_of(siege.outcome("door", "scope_taken_away")) == "PermissionDenied"
