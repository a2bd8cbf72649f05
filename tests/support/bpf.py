"""Runs filters of seccomp outside of the kernel, as Documentation/networking/filter.rst has it."""

import struct
from collections.abc import Sequence

WORD = 0xFFFFFFFF


def call_data(number: int, audit: int, arguments: Sequence[int] = ()) -> bytes:
    """Give struct seccomp_data for a call; missing arguments are 0."""
    given = [each & 0xFFFFFFFFFFFFFFFF for each in arguments]
    return struct.pack("=IIQ6Q", number & WORD, audit, 0, *given, *[0] * (6 - len(given)))


def run(packed: bytes, data: bytes) -> int:
    """Give the filter's answer; IndexError where it leaves its own bounds."""
    program = [struct.unpack_from("=HBBI", packed, at) for at in range(0, len(packed), 8)]
    loaded, at = 0, 0
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        match code:
            case 0x20:
                loaded = int.from_bytes(data[value : value + 4], "little")
            case 0x54:
                loaded &= value
            case 0x05:
                at += value
            case 0x15:
                at += if_true if loaded == value else if_false
            case 0x35:
                at += if_true if loaded >= value else if_false
            case 0x06:
                return int(value)
            case _:
                raise ValueError(f"no instruction of these filters: {code:#x}")
