"""One attempt: signed, sent, judged."""

import time
from collections.abc import Mapping
from typing import Final

import structlog

from geminicrm.kernel.clock import Clock
from geminicrm.webhooks.outgoing.answers import Answer
from geminicrm.webhooks.outgoing.claims import Errand
from geminicrm.webhooks.outgoing.opening import Door
from geminicrm.webhooks.outgoing.outcomes import (
    Outcome,
    judge,
    shown_answer,
    shown_body,
    shown_detail,
    shown_request,
    shown_url,
    throttles,
    unsigned,
)
from geminicrm.webhooks.outgoing.posting import Post, Poster
from geminicrm.webhooks.outgoing.reaching import PostFailed
from geminicrm.webhooks.outgoing.schedule import retry_after
from geminicrm.webhooks.outgoing.signing import signed_headers

_MS: Final = 1000
_log = structlog.get_logger(__name__)


class Attempts:
    """Makes attempts, each in the loop that calls it."""

    def __init__(self, poster: Poster, clock: Clock, version: str) -> None:
        self._poster = poster
        self._clock = clock
        self._fixed = {
            "Content-Type": "application/json",
            "User-Agent": f"GeminiCRM/{version}",
        }

    async def make(self, errand: Errand, door: Door) -> Outcome:
        """Send a delivery once; whatever becomes of it is the outcome."""
        at, began = self._clock.now(), time.monotonic()
        headers: dict[str, str] = {}
        answer: Answer | None = None
        try:
            headers = self._signed(errand, door)
            post = Post(errand.endpoint_id, door.url, _merged(door.headers, headers), errand.body)
            answer = await self._poster.post(post)
            error, detail = judge(answer.status)
        except PostFailed as failed:
            error, detail = failed.error, str(failed)
        except Exception as failed:  # noqa: BLE001 - border: the trouble of one must not stop the loop
            _log.exception("an attempt failed in our own code", endpoint_id=errand.endpoint_id)
            error, detail = "internal", f"Our own code failed ({type(failed).__name__})."
        ended = self._clock.now()
        secrets = (*door.secrets, *door.headers.values())
        given = answer or Answer(0)
        asked = retry_after(given.headers.get("retry-after"), ended) if error else None
        return Outcome(
            errand=errand,
            url=shown_url(door.url),
            at=at,
            ended=ended,
            milliseconds=round((time.monotonic() - began) * _MS),
            status=given.status or None,
            error=error,
            detail=shown_detail(detail),
            request_headers=shown_request(headers, door.headers),
            response_headers=shown_answer(given.headers, secrets),
            response_body=shown_body(given.body, secrets),
            truncated=given.truncated,
            wait=asked if throttles(given.status) else None,
        )

    def _signed(self, errand: Errand, door: Door) -> dict[str, str]:
        now = self._clock.now()
        secrets = door.signing(now)
        if not secrets:
            raise unsigned()
        signed = signed_headers(
            secrets, errand.event_id, errand.type, int(now.timestamp()), errand.body
        )
        return {**self._fixed, **signed}


def _merged(theirs: Mapping[str, str], ours: Mapping[str, str]) -> dict[str, str]:
    """Give all headers; what we say ourselves nobody says instead."""
    taken = {name.lower() for name in ours} | _TRANSPORT
    return {**{name: theirs[name] for name in theirs if name.lower() not in taken}, **ours}


# The poster writes these itself: another copy could smuggle a second request.
_TRANSPORT: Final = frozenset(
    {"host", "connection", "keep-alive", "content-length", "transfer-encoding", "upgrade"}
    | {"accept", "accept-encoding", "trailer", "expect", "te"}  # codespell:ignore te
)
