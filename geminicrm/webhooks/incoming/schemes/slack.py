"""Slack's events, commands and clicks.

Source: api.slack.com, "Verifying requests from Slack": `v0=` and the hex of the HMAC-SHA256 of
`v0:<seconds>:<raw body>`. "url_verification event": the challenge is sent back, once verified.
"""

import hmac
from typing import Any, Final

from typing_extensions import override

from geminicrm.webhooks.incoming.scheme import Checking, Item, Reply, Request, Scheme, Verified
from geminicrm.webhooks.incoming.schemes import shared

_HEADER: Final = "x-slack-signature"
_TIME: Final = "x-slack-request-timestamp"
_OK: Final = 200


class Slack(Scheme):
    """`X-Slack-Signature: v0=<hex>` over `X-Slack-Request-Timestamp`."""

    name = "slack"
    label = "Slack"
    needs_secret = True

    @override
    def verify(self, request: Request, checking: Checking) -> Verified:
        """Give the event by its event_id; a command or click by the digest of its bytes."""
        secrets = shared.secrets_of(checking)
        given = shared.header(request, _HEADER).encode()
        told = shared.header(request, _TIME)
        seconds = shared.whole_number(told, _TIME)
        signed = f"v0:{told}:".encode() + request.body
        made = [b"v0=" + hmac.digest(one, signed, "sha256").hex().encode() for one in secrets]
        shared.must_fit([given], made)
        shared.must_be_now(seconds, checking.now)
        return _read(request)


def _read(request: Request) -> Verified:
    if shared.is_form(request):
        return Verified(items=[_from_form(request.body)])
    event = shared.json_object(request.body)
    challenge = event.get("challenge")
    if event.get("type") == "url_verification" and isinstance(challenge, str):
        return Verified(items=(), reply=Reply(
            status=_OK, body=challenge.encode(), content_type="text/plain; charset=utf-8",
        ))  # fmt: skip
    key = shared.key_of(event.get("event_id")) or shared.digest(request.body)
    return Verified(items=[Item(key=key, type=_type(event), data=event)])


def _type(event: dict[str, Any]) -> str:
    inner = event.get("event")
    named = inner.get("type") if isinstance(inner, dict) else event.get("type")
    return shared.type_of(named)


def _from_form(body: bytes) -> Item:
    """Read a slash command, or what was clicked; each carries a trigger of its own in its bytes."""
    fields = shared.fields_of(body)
    payload = shared.only(fields, "payload")
    if payload:
        clicked = shared.json_object(payload.encode())
        kind = shared.type_of(clicked.get("type"))
        return Item(key=shared.digest(body), type=kind, data=clicked)
    kind = "slash_command" if "command" in fields else ""
    return Item(key=shared.digest(body), type=kind, data=shared.plain_fields(fields))
