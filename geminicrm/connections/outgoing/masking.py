"""What the activity log shows of a call: never a credential, nor what looks like one."""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, urlsplit

LONGEST_PATH: Final = 300
LONGEST_DETAIL: Final = 500
MASK: Final = "…"
_SHOWN: Final = 4
_LONG: Final = 20
_SHORTEST_SECRET: Final = 4
# The part that follows is the secret itself, however short it is.
_BEFORE_A_SECRET: Final = frozenset(
    {"token", "key", "secret", "apikey", "api_key", "password", "hooks", "webhook"}
)
_RUN: Final = re.compile(r"[A-Za-z0-9_\-.~+/=%]{20,}")


def masked_path(url: str, secrets: Iterable[str] = ()) -> str:
    """Give the path of an address without query and without what may be a secret in it."""
    path = _without(urlsplit(url).path or "/", secrets)
    shown, before = [], ""
    for part in path.split("/"):
        hidden = before.lower() in _BEFORE_A_SECRET or _looks_secret(part)
        shown.append(_masked(part) if part and hidden else part)
        before = part
    return "/".join(shown)[:LONGEST_PATH]


def masked_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Give a text of a service without credentials and without what may be one."""
    known = _without(text, secrets)
    return _RUN.sub(lambda run: _masked_if_secret(run[0]), known)[:LONGEST_DETAIL]


def _masked_if_secret(run: str) -> str:
    return "/".join(_masked(part) if _looks_secret(part) else part for part in run.split("/"))


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, MASK).replace(quote(secret, safe=""), MASK)
    return text


def _looks_secret(part: str) -> bool:
    """Tell whether a word is as long and as mixed as keys are."""
    if len(part) < _LONG:
        return False
    return any(map(str.isdigit, part)) and any(map(str.isalpha, part))


def _masked(part: str) -> str:
    return f"{part[:_SHOWN]}{MASK}" if len(part) >= 3 * _SHOWN else MASK
