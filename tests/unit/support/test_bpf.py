import pytest

from tests.support.bpf import call_data, run


def test_the_number_and_the_arguments_stand_where_the_kernel_puts_them():
    data = call_data(7, 0xC000003E, [1, -1])
    assert len(data) == 64
    assert data[:8] == bytes.fromhex("070000003e0000c0")
    assert data[16:32] == (1).to_bytes(8, "little") + b"\xff" * 8


def test_an_instruction_that_no_filter_here_has_is_an_error():
    with pytest.raises(ValueError, match="no instruction of these filters: 0x7"):
        run(bytes.fromhex("0700000000000000"), call_data(0, 0))


def test_a_program_must_end_with_an_answer():
    with pytest.raises(IndexError):
        run(bytes.fromhex("2000000000000000"), call_data(0, 0))
