"""JSON from strangers: bounded, without duplicate keys, and every string fit to be stored."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from geminicrm.kernel.errors import Finding

MAX_DEPTH: Final = 24
_MAX_DIGITS: Final = 15
# PostgreSQL's JSON takes no NUL, UTF-8 takes no half of a surrogate pair, people see neither.
_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
# Possessive and with an optional end, so that an open string costs one pass, not one per quote.
_OUTSIDE_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class _Refused(ValueError):
    """A value that JSON's grammar or our limits do not allow."""


class _Pairs(dict[str, Any]):
    """An object that remembers which of its keys came twice."""

    repeated: tuple[str, ...] = ()


@dataclass(slots=True)
class _Walk:
    findings: list[Finding] = field(default_factory=list)

    def value(self, value: object, pointer: str) -> object:
        if isinstance(value, _Pairs):
            return self._pairs(value, pointer)
        if isinstance(value, list):
            return [self.value(item, f"{pointer}/{at}") for at, item in enumerate(value)]
        if isinstance(value, str):
            self._text(value, pointer)
        return value

    def _pairs(self, pairs: _Pairs, pointer: str) -> object:
        for name in pairs.repeated:
            where = join(pointer, name)
            message = f"The property {shorten(name)} stands here twice: keep one of them."
            self.findings.append(Finding(where, "duplicate_key", message))
        for name in pairs:
            self._text(name, pointer)
        return {name: self.value(item, join(pointer, name)) for name, item in pairs.items()}

    def _text(self, text: str, pointer: str) -> None:
        if _UNFIT.search(text):
            message = f"{shorten(text)} holds a control character or half a character: remove it."
            self.findings.append(Finding(pointer, "unfit_text", message))


def shorten(value: object, limit: int = 60) -> str:
    """Give a value as JSON on one line for a message, cut to `limit` characters."""
    shown = json.dumps(value)
    return shown if len(shown) <= limit else f"{shown[: limit - 3]}..."


def join(pointer: str, name: str) -> str:
    """Add one step to a JSON pointer (RFC 6901, part 3); a hopeless name is shortened."""
    step = _UNFIT.sub("?", name[:100]).replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{step}"


def read_json(raw: bytes, limit: int) -> tuple[object, list[Finding]]:
    """Give the value and the findings in it; at most `limit` bytes are looked at.

    With findings of the whole (pointer "") the value is None.
    """
    if len(raw) > limit:
        message = f"The file has {len(raw)} bytes; {limit} are allowed."
        return None, [Finding("", "too_large", message)]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"The file is not UTF-8: byte {error.start} is wrong. Save it as UTF-8."
        return None, [Finding("", "not_utf8", message)]
    if _depth(text) > MAX_DEPTH:
        message = f"Brackets are nested more than {MAX_DEPTH} deep."
        return None, [Finding("", "too_deep", message)]
    return _parse(text)


def _parse(text: str) -> tuple[object, list[Finding]]:
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        message = f"Line {error.lineno}, column {error.colno} is not JSON: {error.msg}."
        return None, [Finding("", "not_json", message)]
    except _Refused as error:
        return None, [Finding("", "not_json", str(error))]
    walk = _Walk()
    plain = walk.value(value, "")
    return plain, walk.findings


def _depth(text: str) -> int:
    deepest = depth = 0
    for match in _OUTSIDE_STRINGS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
        deepest = max(deepest, depth)
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> _Pairs:
    made = _Pairs(pairs)
    if len(made) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        made.repeated = tuple(name for name, count in counts.items() if count > 1)
    return made


def _constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is no value of JSON: write a number or null.")


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise _Refused(
            f"The number {digits[:20]}... is too long: {_MAX_DIGITS} digits are allowed."
        )
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise _Refused(f"The number {digits[:20]} is too large.")
    return number
