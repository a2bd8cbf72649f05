"""Why a request is believed or not, part by part and in sentences: for the signature checker.

A pure function: it asks the scheme itself, then tries what it would say without each of the
well-known mistakes, and names the one that fits. No sentence says a secret.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

from geminicrm.webhooks.incoming.mistakes import mended
from geminicrm.webhooks.incoming.scheme import (
    TOLERANCE_SECONDS,
    Checking,
    Rejected,
    Request,
    Scheme,
)
from geminicrm.webhooks.incoming.schemes import SCHEMES

_PARTS: Final = ("secret", "header", "time", "signature", "body")
# Where the parts that a scheme names are shown.
_SHOWN_AS: Final = {"token": "signature", "certificate": "signature", "url": "header"}
# Those whose signature stands in the body, or is made of its fields: they have to read it first.
_READ_FIRST: Final = ("mailgun", "microsoft-graph", "twilio")
_NUMBER: Final = re.compile(r"(?<!\d)\d{10}(?:\d{3})?(?!\d)")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
_SECONDS_LONG: Final = 10
_MOST_TIMES: Final = 8
_LOOKED_INTO: Final = 64 * 1024
_RIGHT: Final = {
    "secret": "A secret is filled in.",
    "header": "The headers are there and in their form.",
    "time": "The time is of now.",
    "signature": "The signature fits.",
    "body": "The body is the one that was signed, and can be read.",
}
_OUTGOING: Final = MappingProxyType({"header": "X-Webhook-Signature"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a request; `right` is None where it could not be looked at."""

    name: str
    right: bool | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is right and wrong with a request; `mistake` names a well-known one that fits, or ""."""

    believed: bool
    parts: Sequence[Part]
    mistake: str = ""


def explain(scheme: Scheme, request: Request, checking: Checking) -> Explanation:
    """Tell which part of a request is right and which is wrong, and the mistake that was made."""
    found = _refusal(scheme, request, checking)
    if found is None:
        return Explanation(believed=True, parts=[_right(name) for name in _PARTS])
    wrong = _SHOWN_AS.get(found.part, found.part)
    if _is_signed(scheme, found):
        return Explanation(believed=False, parts=_all_but(wrong, found))
    then = _told(scheme, request, checking) if wrong == "time" else None
    if then is not None:
        return Explanation(
            believed=False, parts=_all_but(wrong, found), mistake=_clock(then, checking)
        )
    return Explanation(
        believed=False,
        parts=[_part(name, wrong, found) for name in _PARTS],
        mistake=_mistake(scheme, request, checking),
    )


def explain_outgoing(
    request: Request, secrets: Sequence[str], now: float
) -> Mapping[str, Explanation]:
    """Explain both signatures of a webhook that left this house, by the name of their header."""
    checking = Checking(secrets=secrets, now=now)
    plain = replace(checking, options=_OUTGOING)
    return {
        "webhook-signature": explain(SCHEMES["standard-webhooks"], request, checking),
        "X-Webhook-Signature": explain(SCHEMES["hmac"], request, plain),
    }


def _refusal(scheme: Scheme, request: Request, checking: Checking) -> Rejected | None:
    try:
        scheme.verify(request, checking)
    except Rejected as refused:
        return refused
    return None


def _right(name: str) -> Part:
    return Part(name=name, right=True, sentence=_RIGHT[name])


def _part(name: str, wrong: str, found: Rejected) -> Part:
    """Give a part by its place: what is asked for before the wrong one is right."""
    if name == wrong:
        return Part(name=name, right=False, sentence=found.detail)
    # Time is asked for after the signature, and some bodies are read before it.
    if name in {"secret", "header"} and _PARTS.index(name) < _PARTS.index(wrong):
        return _right(name)
    return Part(name=name, right=None, sentence="This can't be told before the rest is right.")


def _all_but(wrong: str, found: Rejected) -> list[Part]:
    parts = {name: _right(name) for name in _PARTS}
    parts[wrong] = Part(name=wrong, right=False, sentence=found.detail)
    return list(parts.values())


def _clock(then: float, checking: Checking) -> str:
    if then > checking.now:
        return "All else fits. The clock of the sender, or of this machine, is wrong."
    return (
        f"All else fits. The request is older than {TOLERANCE_SECONDS} s: it was held up, or sent "
        "again as it was, or a clock is wrong."
    )


def _is_signed(scheme: Scheme, found: Rejected | None) -> bool:
    """Tell whether all held but, maybe, what the body says once it is believed."""
    return found is None or (found.part == "body" and scheme.name not in _READ_FIRST)


def _told(scheme: Scheme, request: Request, checking: Checking) -> float | None:
    """Give the time at which the request would be believed, of those that it says."""
    for then in _times(request):
        if _is_signed(scheme, _refusal(scheme, request, replace(checking, now=then))):
            return then
    return None


def _mistake(scheme: Scheme, request: Request, checking: Checking) -> str:
    """Give the sentence of the first mistake without which the request would be believed."""
    for sentence, without, given in mended(request, checking):
        changed = (without, given.secrets) != (request, checking.secrets)
        if changed and _would_be_believed(scheme, without, given):
            return sentence
    return ""


def _would_be_believed(scheme: Scheme, request: Request, checking: Checking) -> bool:
    found = _refusal(scheme, request, checking)
    if found is not None and found.part == "time":
        return _told(scheme, request, checking) is not None
    return _is_signed(scheme, found)


def _times(request: Request) -> list[float]:
    """Give the times that headers say, and the beginning of the body, each once."""
    texts = [value for values in request.headers.values() for value in values]
    texts.append(request.body[:_LOOKED_INTO].decode("latin-1"))
    return [*dict.fromkeys(time for text in texts for time in _times_in(text))][:_MOST_TIMES]


def _times_in(text: str) -> Iterator[float]:
    for match in _NUMBER.finditer(text):
        yield int(match[0]) if len(match[0]) == _SECONDS_LONG else int(match[0]) / 1000
    for match in _MOMENT.finditer(text):
        try:
            yield datetime.fromisoformat(match[0]).timestamp()
        except ValueError:  # the 30th of February
            continue
