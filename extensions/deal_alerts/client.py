"""Posting an alert to the address in the settings."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from extensions.sdk.context import HttpDoor, HttpResponse
from extensions.sdk.errors import HttpFailed, HttpNotAllowed, Invalid

SECONDS = 8.0
_OK, _MOVED, _FAULT = 200, 300, 400


class NotDelivered(Exception):
    """The receiver did not take the alert; the text says why and what to do."""


def deliver(http: HttpDoor, url: str, secret: str | None, payload: Mapping[str, Any]) -> int:
    """Post the payload and give the status, a 2xx. Raises NotDelivered.

    `webhook-id` is the event's id: a receiver that sees it again has the alert already. With a
    secret, `X-Webhook-Signature` is the hex HMAC-SHA256 (RFC 2104) of the exact body.
    """
    body = json.dumps(payload, ensure_ascii=False).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GeminiCRM-Deal-Alerts/1",
        "webhook-id": str(payload["id"]),
        "X-Webhook-Event": str(payload["type"]),
    }
    if secret:
        signature = hmac.new(secret.encode(), body, hashlib.sha256)
        headers["X-Webhook-Signature"] = signature.hexdigest()
    try:
        answer = http.request("POST", url, headers=headers, body=body, timeout=SECONDS)
    except HttpNotAllowed as error:
        raise NotDelivered(
            f"The CRM does not call {error.host}. An address inside the company's own network has "
            "to be allowed by the operator, in GEMINICRM_EGRESS_ALLOW."
        ) from error
    except (HttpFailed, Invalid) as error:
        raise NotDelivered(f"No answer: {error}") from error
    return _taken(answer)


def _taken(answer: HttpResponse) -> int:
    status = answer.status
    if _OK <= status < _MOVED:
        return status
    if status < _FAULT:
        raise NotDelivered(
            f"The receiver answered {status}: the address has moved. Save the address that it "
            "moved to."
        )
    raise NotDelivered(f"The receiver answered {status}.")
