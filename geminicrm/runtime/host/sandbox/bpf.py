"""A small assembler for the filters of seccomp: classic BPF over a call's number and arguments.

Pieces are lists of instructions that end in a verdict on every path, so they are put together by
nesting alone: there are no labels. Source: include/uapi/linux/seccomp.h and bpf_common.h.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

LOAD = 0x20  # BPF_LD | BPF_W | BPF_ABS
AND = 0x54  # BPF_ALU | BPF_AND | BPF_K
JUMP = 0x05  # BPF_JMP | BPF_JA
EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
RETURN = 0x06  # BPF_RET | BPF_K

NUMBER, AUDIT, FIRST_ARGUMENT = 0, 4, 16
LOW, HIGH = 0, 4  # both machines are little-endian
WORD = 0xFFFFFFFF
LONGEST_JUMP = 255
SIZE = 8

OWN_PID = -1
"""Stands for the pid of the process that is locked up; `Program.bytes_for` fills it in."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of classic BPF."""

    code: int
    value: int = 0
    if_true: int = 0
    if_false: int = 0


Piece: TypeAlias = list[Instruction]


@dataclass(frozen=True, slots=True)
class Check:
    """One half of one argument, masked, is one of the values."""

    argument: int
    values: tuple[int, ...]
    mask: int = WORD
    half: int = LOW

    def piece(self, if_not: int) -> Piece:
        """Give the instructions: they run on past their end, or jump `if_not` beyond it."""
        masked = [] if self.mask == WORD else [Instruction(AND, self.mask)]
        last = len(self.values) - 1
        tests = [
            Instruction(EQUAL, value, last - place, 0 if place < last else if_not)
            for place, value in enumerate(self.values)
        ]
        where = FIRST_ARGUMENT + 8 * self.argument + self.half
        return [Instruction(LOAD, where), *masked, *tests]


def verdict(value: int) -> Piece:
    """End with this answer."""
    return [Instruction(RETURN, value)]


def all_of(checks: Sequence[Check], then: int) -> Piece:
    """Answer `then` if every check holds; else run on past the end."""
    piece = verdict(then)
    for check in reversed(checks):
        piece = [*check.piece(len(piece)), *piece]
    return piece


def branch(value: int, below: Piece, from_there: Piece) -> Piece:
    """Go to `below` if what was loaded is less than `value`, else to `from_there`."""
    if len(below) <= LONGEST_JUMP:
        return [Instruction(AT_LEAST, value, len(below), 0), *below, *from_there]
    far = Instruction(JUMP, len(below))
    return [Instruction(AT_LEAST, value, 0, 1), far, *below, *from_there]


def search(runs: Sequence[tuple[int, Piece]]) -> Piece:
    """Find the run that holds what was loaded: (lowest value, piece), ascending, from 0 on."""
    if len(runs) == 1:
        return runs[0][1]
    middle = len(runs) // 2
    return branch(runs[middle][0], search(runs[:middle]), search(runs[middle:]))


class Program:
    """An assembled filter; only the pid is still open."""

    def __init__(self, instructions: Iterable[Instruction]) -> None:
        self.instructions = tuple(instructions)
        self._own = [at for at, each in enumerate(self.instructions) if each.value == OWN_PID]
        self._packed = b"".join(
            struct.pack("=HBBI", each.code, each.if_true, each.if_false, each.value & WORD)
            for each in self.instructions
        )

    def bytes_for(self, pid: int) -> bytes:
        """Give the filter for one process, as the kernel takes it."""
        packed = bytearray(self._packed)
        for at in self._own:
            struct.pack_into("=I", packed, at * SIZE + 4, pid)
        return bytes(packed)
