"""The publisher's signature inside a `.gcx`: in the comment of the zip, which no digest covers."""

import json
from typing import Any, Final

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.install.offers import Signature
from marketplace.package_reader import PackageInvalid

MAX_COMMENT: Final = 1024
_END_MARK: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_LENGTH_BYTES: Final = 2
_MEMBERS: Final = frozenset({"v", "key_id", "signature"})


def split_package(data: bytes) -> tuple[bytes, Signature | None]:
    """Give a package without its signature, and the signature.

    PackageInvalid for any other comment: what no digest covers must not carry anything else. What
    is no zip comes back as it is, for the reader to refuse.
    """
    end = data[-_END_BYTES:]
    if end.startswith(_END_MARK) and end.endswith(b"\0\0"):
        return data, None
    place = data.rfind(_END_MARK, max(0, len(data) - _END_BYTES - MAX_COMMENT))
    if place < 0:
        _refuse_long_comment(data)
        return data, None
    record, comment = data[place : place + _END_BYTES], data[place + _END_BYTES :]
    if len(record) < _END_BYTES or int.from_bytes(record[-2:], "little") != len(comment):
        raise _wrong("The end of the zip does not fit its length.")
    return data[: place + _END_BYTES - _LENGTH_BYTES] + b"\0\0", _read(comment)


def join_package(data: bytes, signature: Signature) -> bytes:
    """Put a signature into a package, in place of one that it may have. PackageInvalid."""
    bare, _ = split_package(data)
    if bare[-_END_BYTES:][:4] != _END_MARK:
        raise _wrong("The package is not a zip file.", "not_a_zip")
    members = {"v": 1, "key_id": signature.key_id, "signature": signature.value}
    comment = json.dumps(members, separators=(",", ":")).encode()
    return bare[:-_LENGTH_BYTES] + len(comment).to_bytes(_LENGTH_BYTES, "little") + comment


def _read(comment: bytes) -> Signature:
    try:
        found: Any = json.loads(comment.decode("ascii"))
    except ValueError:
        found = None
    if not (isinstance(found, dict) and found.keys() == _MEMBERS and found["v"] == 1):
        raise _wrong("The zip has a comment; only a publisher's signature may stand there.")
    key_id, value = found["key_id"], found["signature"]
    if not (isinstance(key_id, str) and isinstance(value, str)):
        raise _wrong("The signature in the zip's comment is wrong; sign the package again.")
    return Signature(key_id, value)


def _refuse_long_comment(data: bytes) -> None:
    # As far back as a comment can reach at all: a reader of zips would find it there.
    if _END_MARK in data[-_END_BYTES - 0xFFFF :]:
        raise _wrong("The zip has a long comment; only a publisher's signature may stand there.")


def _wrong(message: str, code: str = "wrong_comment") -> PackageInvalid:
    return PackageInvalid([Finding("", code, message)])
