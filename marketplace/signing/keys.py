"""Ed25519 keys (RFC 8032): making them, naming them, keeping the private half in a file."""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from geminicrm.runtime.install.offers import Signature
from marketplace.signing.errors import KeyInvalid

_RAW: Final = 32
# Points of small order: under such a key one signature holds for nearly every message. With the
# sign bit cleared these are all their encodings that Ed25519 implementations take.
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private half of a key. Its text form is no secret; `secret` is."""

    _key: Ed25519PrivateKey

    @classmethod
    def make(cls) -> "SigningKey":
        """Make a new one."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def of_secret(cls, secret: str) -> "SigningKey":
        """Read it back from `secret`. KeyInvalid."""
        return cls(Ed25519PrivateKey.from_private_bytes(_decoded(secret, "/secret")))

    @property
    def secret(self) -> str:
        """Give the 32 private bytes in base64."""
        return base64.b64encode(self._key.private_bytes_raw()).decode()

    @property
    def public(self) -> str:
        """Give the 32 public bytes in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    @property
    def id(self) -> str:
        """Give the SHA-256 of the 32 public bytes in hex."""
        return key_id(self.public)

    def sign(self, message: bytes) -> Signature:
        """Sign these bytes."""
        value = base64.b64encode(self._key.sign(message)).decode()
        return Signature(self.id, value)


def key_id(public: str) -> str:
    """Give the id of a public key in base64. KeyInvalid where it is none that can be used."""
    raw = _decoded(public, "/public")
    if bytes([*raw[:-1], raw[-1] & 0x7F]) in _SMALL_ORDER:
        raise KeyInvalid("This key has a small order: anybody could sign in its name.")
    return hashlib.sha256(raw).hexdigest()


def holds(signature: Signature, public: str, message: bytes) -> bool:
    """Tell whether the signature over these bytes is by this key; nothing is raised."""
    try:
        if key_id(public) != signature.key_id:
            return False
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
        key.verify(base64.b64decode(signature.value, validate=True), message)
    except (InvalidSignature, KeyInvalid, ValueError):
        return False
    return True


def write_key(path: Path, key: SigningKey) -> None:
    """Write a private key as PEM (PKCS #8), readable by its owner only.

    FileExistsError where there is something already: a key that is overwritten is lost.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(_pem(key))


def read_key(path: Path) -> SigningKey:
    """Read a private key. OSError; KeyInvalid for what is none, or one that others can read."""
    if path.stat().st_mode & 0o077:
        raise KeyInvalid(f"{path} can be read by others; `chmod 600 {path}` first.", "/key")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyInvalid(
            f"{path} holds no private key in PEM without a password.", "/key"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyInvalid(f"{path} holds a key of another kind than Ed25519.", "/key")
    return SigningKey(key)


def _pem(key: SigningKey) -> bytes:
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key.secret))
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _decoded(text: str, pointer: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    # The one spelling only, since ids and comparisons are made of it.
    if len(raw) != _RAW or base64.b64encode(raw).decode() != text:
        raise KeyInvalid(
            "A key is 32 bytes in base64, 44 characters with one = at the end.", pointer
        )
    return raw
