"""What became of an attempt, and what the log keeps of it: never a secret."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from geminicrm.connections.outgoing.masking import MASK, masked_path
from geminicrm.kernel.texts import storable
from geminicrm.webhooks.outgoing.claims import Errand
from geminicrm.webhooks.outgoing.reaching import PostFailed

_SHORTEST: Final = 4
_LONGEST_DETAIL: Final = 300
_LONGEST_HEADER: Final = 1_000
_SIGNATURES: Final = frozenset({"webhook-signature", "x-webhook-signature"})
_SIGNATURE_SHOWN: Final = 8
_SECRET_WORDS: Final = ("cookie", "auth", "token", "secret", "key")
_GONE: Final = 410
_THROTTLES: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt went. `error` is empty for success, `wait` is what a Retry-After asked for.

    `at` is when it began, `ended` when it was over. What is kept of headers and body holds no
    secret of the endpoint any more.
    """

    errand: Errand
    url: str
    at: datetime
    ended: datetime
    milliseconds: int
    status: int | None
    error: str
    detail: str
    request_headers: Mapping[str, str]
    response_headers: Mapping[str, str]
    response_body: bytes
    truncated: bool
    wait: float | None = None

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status == _GONE


def judge(status: int) -> tuple[str, str]:
    """Give the class of what is wrong with a status, and say it; empty where nothing is."""
    if 200 <= status < 300:  # noqa: PLR2004 - as RFC 9110 has them
        return "", ""
    if 300 <= status < 400:  # noqa: PLR2004 - as above
        said = f"It answered {status}; redirects are not followed. Enter the new address."
        return "redirect", said
    return "status", f"It answered {status}."


def throttles(status: int) -> bool:
    """Tell whether a Retry-After beside a status is meant for all that is sent there."""
    return status in _THROTTLES


def unsigned() -> PostFailed:
    """Give what is wrong where no key opens an endpoint's secret."""
    return PostFailed(
        "unsigned", "No key of this installation opens its secret. Give back the key, or rotate it."
    )


def shown_url(url: str) -> str:
    """Give an address without what may be a secret in it."""
    place = "/".join(url.split("/")[:3])
    return storable(place + masked_path(url), _LONGEST_HEADER)


def shown_request(ours: Mapping[str, str], theirs: Iterable[str]) -> dict[str, str]:
    """Give the headers that were sent; those that people have entered without their values."""
    kept = {
        name: value[:_SIGNATURE_SHOWN] + MASK if name.lower() in _SIGNATURES else value
        for name, value in ours.items()
    }
    return {**dict.fromkeys(theirs, MASK), **kept}


def shown_answer(headers: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """Give the headers that came back: a receiver may have sent back our own."""
    known = [secret for secret in secrets if len(secret) >= _SHORTEST]
    return {
        storable(name, _LONGEST_HEADER): MASK
        if any(word in name for word in _SECRET_WORDS)
        else storable(_without(value, known), _LONGEST_HEADER)
        for name, value in headers.items()
    }


def shown_body(body: bytes, secrets: Iterable[str]) -> bytes:
    """Give what came back without our own secrets."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            body = body.replace(secret.encode(), MASK.encode())
    return body


def shown_detail(text: str) -> str:
    """Give what went wrong, as long as there is room for it."""
    return storable(text, _LONGEST_DETAIL)


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text
