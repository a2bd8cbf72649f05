"""What schemes share: taking headers, comparing, times, reading bodies, keys of events.

Whatever is wrong raises Rejected, and nothing here raises anything else: a request is written by
strangers until its signature fits.
"""

import hmac
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from geminicrm.webhooks.incoming.scheme import TOLERANCE_SECONDS, Checking, Rejected, Request

MOST_OF_A_HEADER: Final = 4096
"""Characters; the longest that a service sends is an identity token of some 1,500."""
MOST_OF_A_KEY: Final = 200
MOST_OF_A_TYPE: Final = 100
_MOST_DIGITS: Final = 15  # milliseconds until the year 33,658; more would overflow what divides
_MOST_FIELDS: Final = 1000
_PLAIN: Final = re.compile(r"[!-~]+(?: [!-~]+)*")
_FORM: Final = "application/x-www-form-urlencoded"
_BAD_REQUEST: Final = 400


def header(request: Request, name: str) -> str:
    """Give the header that a scheme can't do without.

    Raises Rejected where it is missing, empty, there twice, longer than 4,096 characters, or has
    any that are not printable ASCII.
    """
    given = optional_header(request, name)
    if given is None:
        raise Rejected("header", f"The header {name} is missing.")
    return given


def optional_header(request: Request, name: str) -> str | None:
    """Give a header, or None where none came; Rejected where one came that nobody can use."""
    values = request.headers.get(name, ())
    if not values:
        return None
    if len(values) > 1:
        raise Rejected("header", f"The header {name} is there {len(values)} times.")
    return _usable(name, values[0])


def _usable(name: str, raw: str) -> str:
    value = raw.strip(" \t")
    if not value:
        raise Rejected("header", f"The header {name} is empty.")
    if len(value) > MOST_OF_A_HEADER:
        raise Rejected("header", f"The header {name} is longer than {MOST_OF_A_HEADER} characters.")
    if not (value.isascii() and value.isprintable()):
        raise Rejected("header", f"The header {name} has characters that are not printable ASCII.")
    return value


def named_header(request: Request, options: Mapping[str, str], option: str) -> str | None:
    """Give the header that an option names, or None where it names none, or that did not come."""
    name = options.get(option, "").lower()
    return optional_header(request, name) if name else None


def from_base64(text: str, name: str) -> bytes:
    """Decode a signature; Rejected where it is no base64."""
    try:
        return b64decode(text, validate=True)
    except ValueError as bad:
        raise Rejected("header", f"{name} is no base64.") from bad


def secrets_of(checking: Checking) -> list[bytes]:
    """Give the secrets that hold, as bytes; Rejected where there is none: nothing is believed."""
    usable = [secret for secret in checking.secrets if secret]
    if not usable:
        raise Rejected("secret", "No secret is filled in, so nothing can be believed.")
    return [as_bytes(secret) for secret in usable]


def as_bytes(text: str) -> bytes:
    """Encode text that strangers wrote: half a character may stand in it, and must not raise."""
    return text.encode("utf-8", "surrogatepass")


def option(checking: Checking, name: str) -> str:
    """Give an option that a scheme can't do without; Rejected where it is not filled in."""
    value = checking.options.get(name, "")
    if not value:
        raise Rejected("secret", f'The option "{name}" is not filled in: nothing can be believed.')
    return value


def fits(given: Iterable[bytes], made: Iterable[bytes]) -> bool:
    """Compare every one with every other, in a time that tells nothing of where they differ."""
    others = list(made)
    found = False
    for one in given:
        for other in others:
            found |= hmac.compare_digest(one, other)
    return found


def must_fit(given: Iterable[bytes], made: Iterable[bytes], status: int = 401) -> None:
    """Raise Rejected unless one that was given is one that a secret made."""
    if not fits(given, made):
        raise Rejected(
            "signature",
            "The signature does not fit: another secret made it, or what it signs was changed.",
            status,
        )


def whole_number(text: str, name: str) -> int:
    """Read a time as services write it: ASCII digits and nothing else. Raises Rejected."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise Rejected("time", f"{name} says no time in whole numbers.")
    return int(text)


def iso_time(text: object, name: str) -> float:
    """Read a time with its zone as ISO 8601 writes it; gives seconds since 1970. Raises Rejected.

    Source: RFC 3339, section 5.6.
    """
    try:
        told = datetime.fromisoformat(text if isinstance(text, str) else "")
    except ValueError as bad:
        raise Rejected("time", f"{name} says no time.") from bad
    if told.tzinfo is None:
        raise Rejected("time", f"{name} says a time without its zone.")
    return told.timestamp()


def must_be_now(told: float, now: float) -> None:
    """Raise Rejected where `told` is more than 300 s before or after `now`, both in seconds."""
    off = told - now
    if abs(off) > TOLERANCE_SECONDS:
        side = "after" if off > 0 else "before"
        raise Rejected(
            "time",
            f"The time in the signature is {abs(off):.0f} s {side} now; "
            f"{TOLERANCE_SECONDS} s are let through.",
        )


def json_of(body: bytes) -> Any:
    """Read a body that is believed; Rejected with 400 where it is no JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as bad:
        raise Rejected("body", "The body is no JSON.", _BAD_REQUEST) from bad


def json_object(body: bytes) -> dict[str, Any]:
    """Read a body that must be a JSON object; Rejected with 400 where it is anything else."""
    data = json_of(body)
    if not isinstance(data, dict):
        raise Rejected("body", "The body is no JSON object.", _BAD_REQUEST)
    return data


def objects_in(data: Any) -> list[dict[str, Any]]:
    """Give the events of a batch; one object is a batch of one. Rejected for anything else."""
    listed = data if isinstance(data, list) else [data]
    if not all(isinstance(one, dict) for one in listed):
        raise Rejected("body", "The body is no JSON object, nor a list of them.", _BAD_REQUEST)
    return listed


def is_form(request: Request) -> bool:
    """Tell whether the body is the fields of a form, by what its sender calls it."""
    called = [one.partition(";")[0].strip().lower() for one in said(request, "content-type")]
    return called == [_FORM]


def said(request: Request, name: str) -> Sequence[str]:
    """Give the values of a header that nothing hangs on, as they came."""
    return request.headers.get(name, ())


def fields_of(body: bytes) -> dict[str, list[str]]:
    """Read the fields of a form, each with every value in the order sent.

    Raises Rejected with 400 for one that is not UTF-8, or has more than 1,000 fields.
    """
    fields: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as bad:
        raise Rejected("body", "The body is no form.", _BAD_REQUEST) from bad
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def only(fields: Mapping[str, Sequence[str]], name: str) -> str:
    """Give the one value of a field, or "" where it is missing. Rejected where it came twice."""
    values = fields.get(name, ())
    if len(values) > 1:
        raise Rejected("body", f"The field {name} is there {len(values)} times.", _BAD_REQUEST)
    return values[0] if values else ""


def plain_fields(fields: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Give fields as extensions like them: one value as text, several as a list."""
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def anything_in(request: Request) -> Any:
    """Give what a believed body says: fields of a form, JSON, or else its text.

    Raises Rejected with 400 for what is none of them.
    """
    if is_form(request):
        return plain_fields(fields_of(request.body))
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return _text(request.body)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as bad:
        raise Rejected("body", "The body is neither JSON nor text.", _BAD_REQUEST) from bad


def digest(*parts: bytes) -> str:
    """Give the key of what has no id of its own; each part is told from the next by its length."""
    hashed = sha256()
    for part in parts:
        hashed.update(f"{len(part)}:".encode())
        hashed.update(part)
    return "sha256:" + hashed.hexdigest()


def key_of(*ids: object) -> str:
    """Give the key of an event by the ids that its service gave it, or "" where one is missing.

    What is too long for a column, or has characters that none takes, becomes its digest.
    """
    texts = [_id(one) for one in ids]
    if not all(texts):
        return ""
    key = ":".join(texts)
    if len(key) <= MOST_OF_A_KEY and _PLAIN.fullmatch(key):
        return key
    return digest(*map(as_bytes, texts))


def _id(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def type_of(value: object) -> str:
    """Give the type of an event as its service names it, or "" where it names none plainly."""
    if isinstance(value, str) and len(value) <= MOST_OF_A_TYPE and _PLAIN.fullmatch(value):
        return value
    return ""


def own_digest(item: object) -> str:
    """Give the key of an item in a batch that has no id: the same for the same content."""
    return digest(orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
