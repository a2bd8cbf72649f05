"""Signed text: one way to write it, to sign it, and to see who has signed it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from geminicrm.runtime.install.offers import Signature
from marketplace.signing.errors import Untrusted
from marketplace.signing.keys import SigningKey, holds

MAX_SIGNATURES: Final = 50
# What a publisher signs begins like this, so that it can never be taken for a document.
_PACKAGE: Final = "geminicrm package v1\n"


@dataclass(frozen=True, slots=True)
class SignedText:
    """A text and the signatures over its UTF-8 bytes; nobody writes it anew to check it."""

    text: str
    signatures: tuple[Signature, ...]

    def members(self) -> dict[str, Any]:
        """Read the JSON object that the text is. Untrusted where it is none."""
        return read_object(self.text)

    def to_dict(self) -> dict[str, Any]:
        """Give it as programs get it."""
        return {"text": self.text, "signatures": signature_dicts(self.signatures)}


def canonical(members: Mapping[str, Any]) -> str:
    """Write JSON in the one form that is signed: sorted keys, no spaces, nothing escaped in vain.

    Documents hold no fractions. Manifests may (a setting's default), in the shortest form that
    reads back the same. ValueError for what is no JSON: not a number, infinite, a lone surrogate.
    """
    text = json.dumps(
        members, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    text.encode()
    return text


def read_object(text: str) -> dict[str, Any]:
    """Read a signed text. Untrusted for anything but one JSON object without doubled members."""
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Untrusted("What the registry signed is not JSON.") from None
    if not isinstance(found, dict):
        raise Untrusted("What the registry signed is not one JSON object.")
    return found


def sign(text: str, *keys: SigningKey) -> SignedText:
    """Sign a text with each of the keys."""
    return SignedText(text, tuple(key.sign(text.encode()) for key in keys))


def signers(signed: SignedText, publics: Mapping[str, str]) -> frozenset[str]:
    """Give the ids of those keys (id: public) whose signature over the text holds.

    Signatures by others count for nothing, and so do those that do not hold.
    """
    message = signed.text.encode("utf-8", "replace")
    return frozenset(
        each.key_id
        for each in signed.signatures[:MAX_SIGNATURES]
        if each.key_id in publics and holds(each, publics[each.key_id], message)
    )


def sign_package(digest: str, key: SigningKey) -> Signature:
    """Sign a package in the name of its publisher; `digest` is its SHA-256 in hex."""
    return key.sign(_package_message(digest))


def package_signed(digest: str, signature: Signature, public: str) -> bool:
    """Tell whether this is a signature over the package by this key."""
    return holds(signature, public, _package_message(digest))


def signature_dicts(signatures: Iterable[Signature]) -> list[dict[str, str]]:
    """Give signatures as they are stored and sent."""
    return [{"key_id": one.key_id, "value": one.value} for one in signatures]


def read_signatures(given: object) -> tuple[Signature, ...]:
    """Read what `signature_dicts` gave; what is no signature is left out."""
    if not isinstance(given, list):
        return ()
    return tuple(
        Signature(one["key_id"], one["value"])
        for one in given[:MAX_SIGNATURES]
        if isinstance(one, dict)
        and isinstance(one.get("key_id"), str)
        and isinstance(one.get("value"), str)
    )


def _package_message(digest: str) -> bytes:
    return f"{_PACKAGE}sha256:{digest.removeprefix('sha256:')}".encode()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is there twice")
    return found
