"""Ids: prefixed, time-ordered, opaque, made before anything is stored."""

import os
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_CHARS = 11
_RANDOM_CHARS = 13


def _encode(number: int, length: int) -> str:
    chars = []
    for _ in range(length):
        number, rest = divmod(number, 32)
        chars.append(_ALPHABET[rest])
    return "".join(reversed(chars))


def new_id(prefix: str) -> str:
    """Give `<prefix>_<24 characters>`; ids of one process sort by the microsecond they were made.

    The random part has 64 bits, so that ids of many machines do not meet.
    """
    micros = time.time_ns() // 1000
    tail = int.from_bytes(os.urandom(8), "big")
    return f"{prefix}_{_encode(micros, _TIME_CHARS)}{_encode(tail, _RANDOM_CHARS)}"
