"""Secret settings at rest: one encrypted JSON object per owner."""

from collections.abc import Mapping

import orjson

from geminicrm.kernel.crypto import Cipher, DecryptionFailed


class Vault:
    """Seals and opens the `secrets` column of installations and connections."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def seal(self, secrets: Mapping[str, str]) -> str | None:
        """Encrypt the secrets by setting id; None where there are none."""
        if not secrets:
            return None
        return self._cipher.encrypt(orjson.dumps(dict(secrets)).decode())

    def open(self, sealed: str | None) -> dict[str, str]:
        """Give the secrets in clear. Raises DecryptionFailed where no key fits."""
        if sealed is None:
            return {}
        opened: dict[str, str] = orjson.loads(self._cipher.decrypt(sealed))
        return opened

    def readable(self, sealed: str | None) -> dict[str, str]:
        """Open secrets, none where no key fits: a lost key keeps nobody from what is to be done."""
        try:
            return self.open(sealed)
        except DecryptionFailed:
            return {}
