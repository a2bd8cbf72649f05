"""What the activity log says of one call: columns of `connection_calls`."""

from collections.abc import Collection
from typing import Any, Final

from extensions.sdk.service_errors import ServiceError
from geminicrm.connections.outgoing.calls import OutsideCall
from geminicrm.connections.outgoing.masking import masked_path, masked_text
from geminicrm.kernel.http import HttpFailed, HttpResponse

_WRONG: Final = 400
_FAULT: Final = 500
_READ: Final = 2_000

End = HttpResponse | HttpFailed | ServiceError
"""How a call ended."""


def outcome_of(call: OutsideCall, end: End) -> str:
    """Give `ok`, `refused` (or not sent at all), `failed`, or `unknown`: it may have been done."""
    if isinstance(end, ServiceError):
        return "refused"
    if isinstance(end, HttpFailed):
        return "unknown" if end.sent and not call.request.may_repeat else "failed"
    if end.status >= _FAULT:
        return "failed"
    return "refused" if end.status >= _WRONG else "ok"


def line_of(call: OutsideCall, end: End, host: str) -> dict[str, Any]:
    """Give the columns that come from the call and its end; no credential is in them."""
    secrets = _secrets(call)
    answer = end if isinstance(end, HttpResponse) else None
    return {
        "workspace_id": call.workspace_id,
        "connection_id": call.opened.connection.id if call.opened is not None else None,
        "extension_id": call.extension_id,
        "operation": call.operation[:80],
        "method": call.request.method[:12],
        "host": host[:255],
        "path": masked_path(call.request.url, secrets),
        "status": answer.status if answer is not None else None,
        "sent_bytes": len(call.request.body),
        "got_bytes": len(answer.body) if answer is not None else 0,
        "detail": masked_text(_said(end), secrets),
        "actor_kind": call.actor_kind[:20],
        "actor_id": call.actor_id[:200],
    }


def _said(end: End) -> str:
    if not isinstance(end, HttpResponse):
        return str(end)
    if end.status < _WRONG:
        return ""
    return end.body[:_READ].decode(errors="replace").replace("\x00", "")


def _secrets(call: OutsideCall) -> Collection[str]:
    return call.opened.credentials().values() if call.opened is not None else ()
