"""Ids: prefixed, time-ordered, opaque, made before anything is stored."""

import os
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_TIME_CHARS = 11
_RANDOM_CHARS = 13


def _encode(number: int, length: int) -> str:
    pairs = []
    for _ in range(0, length, 2):
        number, rest = divmod(number, 1024)
        pairs.append(_PAIRS[rest])
    return "".join(reversed(pairs))[-length:]


def new_id(prefix: str) -> str:
    """Give `<prefix>_<24 characters>`; ids of one process sort by the microsecond they were made.

    The random part has 64 bits, so that ids of many machines do not meet.
    """
    micros = time.time_ns() // 1000
    tail = int.from_bytes(os.urandom(8), "big")
    return f"{prefix}_{_encode(micros, _TIME_CHARS)}{_encode(tail, _RANDOM_CHARS)}"


def made_at(identifier: str) -> datetime:
    """Give when an id was made, by the clock of the process that made it."""
    micros = 0
    for letter in identifier.rpartition("_")[2][:_TIME_CHARS]:
        micros = micros * len(_ALPHABET) + _ALPHABET.index(letter)
    return datetime.fromtimestamp(micros / 1_000_000, UTC)
