"""An access token and what came with it: read from an answer, kept encrypted."""

import math
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.vault import Vault

LEEWAY_SECONDS: Final = 60
"""How long a token that is handed out holds at least, if it ever held that long."""
_JITTER_SECONDS: Final = 30
_LONGEST: Final = timedelta(days=3650)
_SEPARATORS: Final = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a connection holds; `refresh` is empty where there is none."""

    access: str
    refresh: str
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A token that was just given; `scopes` None where the service does not say."""

    token: Token
    expires_at: datetime | None
    scopes: tuple[str, ...] | None

    @property
    def refresh_at(self) -> datetime | None:
        """When it is to be renewed.

        A minute and up to half of one more before it ends, so that not all end together; at three
        quarters of its life where it is short.
        """
        if self.expires_at is None:
            return None
        lifetime = self.expires_at - self.token.issued_at
        leeway = timedelta(seconds=LEEWAY_SECONDS + secrets.randbelow(_JITTER_SECONDS + 1))
        return self.expires_at - min(leeway, lifetime / 4)


def granted(answer: Mapping[str, Any], asked_at: datetime, kept: str = "") -> Granted:
    """Read a token answer (RFC 6749, section 5.1).

    The lifetime runs from when it was asked for: the service's clock is never looked at, and a
    slow answer makes it shorter, not longer. `kept` is the refresh token that goes on holding where
    the service gives no other (section 6).
    """
    refresh = answer.get("refresh_token")
    seconds = _seconds(answer.get("expires_in"))
    token = Token(
        access=answer["access_token"],
        refresh=refresh if isinstance(refresh, str) and refresh else kept,
        issued_at=asked_at,
    )
    ends = None if seconds is None else asked_at + min(timedelta(seconds=seconds), _LONGEST)
    return Granted(token=token, expires_at=ends, scopes=_scopes(answer.get("scope")))


def sealed(vault: Vault, token: Token) -> str | None:
    """Encrypt a token for the `tokens` column."""
    issued_at = format_instant(token.issued_at)
    kept = {"access_token": token.access, "refresh_token": token.refresh, "issued_at": issued_at}
    return vault.seal(kept)


def opened(vault: Vault, tokens: str | None) -> Token | None:
    """Decrypt the `tokens` column; None where it is empty. Raises DecryptionFailed."""
    kept = vault.open(tokens)
    if not kept:
        return None
    return Token(
        access=kept["access_token"],
        refresh=kept["refresh_token"],
        issued_at=parse_instant(kept["issued_at"]),
    )


def missing(asked: Iterable[str], given: Granted) -> list[str]:
    """Name the scopes that were asked for and not given; silence means all (section 5.1)."""
    if given.scopes is None:
        return []
    had = {*given.scopes, *(["offline_access"] if given.token.refresh else [])}
    return [scope for scope in asked if scope not in had]


def _seconds(value: object) -> float | None:
    """Read `expires_in`; None where there is no use in it: absent, no number, zero, below.

    Zero is what some services write for "does not end". Where they mean it, the service refuses the
    token, and it is renewed then.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return (
        min(seconds, _LONGEST.total_seconds()) if seconds > 0 and not math.isnan(seconds) else None
    )


def _scopes(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list):
        return tuple(str(one) for one in value) or None
    if not isinstance(value, str):
        return None
    return tuple(one for one in _SEPARATORS.split(value) if one) or None
