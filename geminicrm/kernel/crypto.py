"""Secrets: encryption at rest with rotating keys, tokens kept as hashes."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from geminicrm.kernel.errors import AppError, ConfigurationError

_SECRET_BYTES = 24


class DecryptionFailed(AppError):
    """A stored secret can't be read with the keys at hand."""

    code = "decryption_failed"
    title = "A stored secret can't be read"


def no_more_keys() -> Sequence[str]:
    """Give none: the keys of the start are all there are."""
    return ()


class Cipher:
    """Encrypts with the first key, decrypts with any; keys are Fernet keys.

    `more` gives keys that were made since the start: it is asked where none of those at hand
    reads something, so that a server goes on while `geminicrm keys rotate` does its work.
    """

    def __init__(
        self, keys: Sequence[str], more: Callable[[], Sequence[str]] = no_more_keys
    ) -> None:
        if not keys:
            raise ConfigurationError("GEMINICRM_ENCRYPTION_KEYS", "", "at least one key")
        self._keys = [_fernet(place, key) for place, key in enumerate(keys, 1)]
        self._fernet = MultiFernet(self._keys)
        self._more = more

    def encrypt(self, text: str) -> str:
        """Give the token to store."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Give the text back; DecryptionFailed where no key fits."""
        found = _opened(self._fernet, token)
        if found is None:
            found = self._opened_later(token)
        if found is None:
            raise DecryptionFailed(
                "None of GEMINICRM_ENCRYPTION_KEYS reads it; put the key back that wrote it."
            )
        return found.decode()

    def rotate(self, token: str) -> str:
        """Encrypt anew with the first key; DecryptionFailed where no key fits."""
        return self.encrypt(self.decrypt(token))

    def _opened_later(self, token: str) -> bytes | None:
        keys = self._more()
        if not keys:
            return None
        later = [_fernet(place, key) for place, key in enumerate(keys, 1)]
        # What is written goes on with the first key of the start, which all processes read.
        self._fernet = MultiFernet([*self._keys, *later])
        return _opened(self._fernet, token)


def _opened(fernet: MultiFernet, token: str) -> bytes | None:
    try:
        return fernet.decrypt(token.encode())
    except InvalidToken:
        return None


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
