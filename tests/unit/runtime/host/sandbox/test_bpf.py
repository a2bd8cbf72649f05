import pytest

from geminicrm.runtime.host.sandbox.bpf import (
    HIGH,
    LOAD,
    LONGEST_JUMP,
    NUMBER,
    OWN_PID,
    Check,
    Instruction,
    Program,
    all_of,
    search,
    verdict,
)
from tests.support.bpf import call_data, run

YES, NO = 1, 2


def answer(checks: tuple[Check, ...], *arguments: int, pid: int = 0) -> int:
    program = Program([*all_of(checks, YES), *verdict(NO)])
    return run(program.bytes_for(pid), call_data(0, 0, arguments))


@pytest.mark.parametrize(("value", "expected"), [(3, YES), (4, YES), (9, YES), (5, NO), (0, NO)])
def test_a_check_asks_for_one_of_its_values(value: int, expected: int):
    assert answer((Check(2, (3, 4, 9)),), 7, 7, value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0o1, YES), (0o4001, YES), (0o2, NO), (0o3, NO)])
def test_a_mask_leaves_bits_out(value: int, expected: int):
    assert answer((Check(0, (1,), mask=0o7),), value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, YES), (1 << 32, NO), (1, NO), (-1, NO)])
def test_both_halves_of_a_pointer_are_looked_at(value: int, expected: int):
    assert answer((Check(4, (0,)), Check(4, (0,), half=HIGH)), 0, 0, 0, 0, value) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"), [((1, 2), YES), ((5, 2), YES), ((1, 3), NO), ((2, 2), NO)]
)
def test_all_checks_must_hold(arguments: tuple[int, int], expected: int):
    assert answer((Check(0, (1, 5)), Check(1, (2,))), *arguments) == expected


@pytest.mark.parametrize(("value", "expected"), [(4711, YES), (0, YES), (4712, NO), (-1, NO)])
def test_the_own_pid_is_filled_in(value: int, expected: int):
    assert answer((Check(0, (0, OWN_PID)),), value, pid=4711) == expected


@pytest.mark.parametrize("length", [1, 3, LONGEST_JUMP - 1, LONGEST_JUMP, LONGEST_JUMP + 1, 3000])
@pytest.mark.parametrize("number", [0, 9, 10, 19, 20, 29, 30, 0xFFFFFFFF])
def test_a_search_finds_the_run_however_long_the_pieces_are(length: int, number: int):
    padding = [Instruction(LOAD, NUMBER)] * (length - 1)
    runs = [(lowest, [*padding, *verdict(lowest)]) for lowest in (0, 10, 20, 30)]
    program = Program([Instruction(LOAD, NUMBER), *search(runs)])
    assert run(program.bytes_for(1), call_data(number, 0)) == min(number // 10 * 10, 30)
