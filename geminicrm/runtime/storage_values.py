"""Values that extensions hand over: JSON of a bounded size and depth, and nothing else."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import orjson

from extensions.sdk.storage import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_SIGNS
from geminicrm.kernel.errors import Finding
from geminicrm.runtime.strict_json import join, shorten

_SIGNS: Final = ("[", "{", ",", ":")
_END: Final = 2**63


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a value may be: bytes as JSON, levels, and whether text may hold NUL.

    `too_large` says it to people who have passed more.
    """

    size: int
    depth: int
    too_large: str
    nul: bool = False


DOCUMENT: Final = Bounds(
    MAX_DOCUMENT_BYTES,
    MAX_DEPTH,
    f"A document has at most {MAX_DOCUMENT_BYTES // 1024} KiB, and {MAX_SIGNS} of the signs "
    "[ { , : in it: use several keys.",
    nul=True,
)


def encode(value: object, pointer: str, bounds: Bounds = DOCUMENT) -> tuple[bytes, Finding | None]:
    """Give a value as JSON in UTF-8, or the first thing that is wrong with it, below `pointer`."""
    try:
        _Walk(bounds).check(value, 0)
        made = orjson.dumps(value)
    except _Wrong as error:
        for name in reversed(error.path):
            pointer = join(pointer, str(name))
        return b"", Finding(pointer, error.code, error.message)
    except TypeError as error:
        return b"", Finding(pointer, "wrong_value", f"This is no JSON: {error}.")
    if len(made) > bounds.size or signs_in(made.decode()) > MAX_SIGNS:
        return b"", Finding(pointer, "too_large", bounds.too_large)
    return made, None


def signs_in(text: str) -> int:
    """Count what bounds the memory that reading a JSON text takes; hosts count it so too."""
    return sum(map(text.count, _SIGNS))


class _Wrong(Exception):
    """What is wrong, and the way to it from the inside out."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path: list[object] = []


class _Walk:
    """One way through a value, which may hold itself, or one thing a million times."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._left = bounds.size  # every part of a value takes a byte at least

    def check(self, value: object, depth: int) -> None:
        """Raise _Wrong at the first thing that is not JSON as it is stored."""
        self._left -= 1
        if self._left < 0:
            raise _Wrong("too_large", self._bounds.too_large)
        if isinstance(value, dict):
            for name in value:
                self._check_name(name)
            self._inside(value.items(), depth)
        elif isinstance(value, list | tuple):
            self._inside(enumerate(value), depth)
        else:
            self._check_leaf(value)

    def _inside(self, parts: Iterable[tuple[object, object]], depth: int) -> None:
        if depth == self._bounds.depth:
            message = f"More than {depth} lists and objects in each other: make it flatter."
            raise _Wrong("too_deep", message)
        for name, each in parts:
            try:
                self.check(each, depth + 1)
            except _Wrong as error:
                error.path.append(name)
                raise

    def _check_name(self, name: object) -> None:
        if not isinstance(name, str):
            raise _Wrong(
                "wrong_value", f"The name {shorten(str(name))} is no text: names are text."
            )
        self._check_leaf(name)

    def _check_leaf(self, value: object) -> None:
        match value:
            case None | bool():
                pass
            case str():
                self._check_text(value)
            case int():
                if not -_END <= value < _END:
                    raise _Wrong("wrong_value", "Numbers have 64 bits: store longer ones as text.")
            case float():
                if not math.isfinite(value):
                    raise _Wrong("wrong_value", "JSON has no NaN and no infinity: store null.")
            case _:
                raise _Wrong(
                    "wrong_value",
                    f"A {type(value).__name__} is no JSON: store text, numbers, true, false, null, "
                    "lists and objects.",
                )

    def _check_text(self, text: str) -> None:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"Character {error.start} is half of a surrogate pair, which UTF-8 lacks."
            raise _Wrong("wrong_value", message) from error
        if not self._bounds.nul and "\0" in text:
            message = "The text holds the character NUL, which databases lack: remove it."
            raise _Wrong("wrong_value", message)
