"""Secrets: encryption at rest with rotating keys, tokens kept as hashes."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from geminicrm.kernel.errors import AppError, ConfigurationError

_SECRET_BYTES = 24


class DecryptionFailed(AppError):
    """A stored secret can't be read with the keys at hand."""

    code = "decryption_failed"
    title = "A stored secret can't be read"


class Cipher:
    """Encrypts with the first key, decrypts with any; keys are Fernet keys."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ConfigurationError("GEMINICRM_ENCRYPTION_KEYS", "", "at least one key")
        self._fernet = MultiFernet([_fernet(place, key) for place, key in enumerate(keys, 1)])

    def encrypt(self, text: str) -> str:
        """Give the token to store."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Give the text back; DecryptionFailed where no key fits."""
        try:
            return self._fernet.decrypt(token.encode()).decode()
        except InvalidToken:
            raise DecryptionFailed(
                "None of GEMINICRM_ENCRYPTION_KEYS reads it; put the key back that wrote it."
            ) from None

    def rotate(self, token: str) -> str:
        """Encrypt anew with the first key; DecryptionFailed where no key fits."""
        return self.encrypt(self.decrypt(token))


def _fernet(place: int, key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError as error:
        # The value stays out of the message: messages are logged.
        raise ConfigurationError(
            "GEMINICRM_ENCRYPTION_KEYS",
            f"(key {place}, not shown)",
            "keys of 32 bytes in URL-safe base64; `geminicrm keys new` makes one",
        ) from error


def new_key() -> str:
    """Make an encryption key."""
    return Fernet.generate_key().decode()


def new_secret(prefix: str) -> str:
    """Make a bearer secret of 192 random bits behind a prefix that scanners can find."""
    return prefix + secrets.token_urlsafe(_SECRET_BYTES)


def hash_token(secret: str) -> str:
    """Give the SHA-256 of a high-entropy secret, in hex; nothing slower is needed for those."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def same_secret(given: str, expected: str) -> bool:
    """Compare without telling by the time taken how much was right; takes any text."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8"))
