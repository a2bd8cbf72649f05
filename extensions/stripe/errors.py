"""What Stripe says when it does not do what was asked, in the errors of the SDK.

Source: Stripe API reference, "Errors" and "Idempotent requests". A repeat with the same key never
acts twice, so a lost answer is ServiceUnavailable and not OutcomeUnknown; `accepted` still says
that another provider may not be asked.
"""

from collections.abc import Mapping
from typing import Any, Final

from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import HttpFailed
from extensions.sdk.service_errors import (
    Accepted,
    AccessDenied,
    AuthenticationError,
    RateLimited,
    ServiceError,
    ServiceNotFound,
    ServiceRefused,
    ServiceUnavailable,
)

_CONFLICT: Final = 409
_TOO_MANY: Final = 429
_BROKEN: Final = 500
_KINDS: Final[Mapping[int, type[ServiceError]]] = {
    401: AuthenticationError,
    403: AccessDenied,
    404: ServiceNotFound,
}
_KEY_USED: Final = "idempotency_error"
_WAIT_SECONDS: Final = 1


def lost(error: HttpFailed, *, writes: bool) -> ServiceError:
    """Give what a call without an answer means."""
    return ServiceUnavailable(
        f"Stripe gave no answer: {error}", accepted="unknown" if writes and error.sent else "no"
    )


def nonsense(error: Exception, *, writes: bool) -> ServiceError:
    """Give what an answer means that is not as Stripe describes it."""
    return ServiceUnavailable(
        f"Stripe's answer can't be read: {type(error).__name__}: {error}",
        accepted=_after(writes=writes),
    )


def fault(answer: HttpResponse, *, writes: bool) -> ServiceError:
    """Give what an answer means that says no."""
    said = _said(answer)
    detail = f"Stripe: {said.get('message') or f'status {answer.status}'}"
    code = str(said.get("decline_code") or said.get("code") or said.get("type") or "")
    if answer.status == _TOO_MANY:
        return RateLimited(detail, service_code=code, retry_after=_seconds(answer))
    if answer.status >= _BROKEN or answer.status == _CONFLICT:
        return ServiceUnavailable(
            detail, service_code=code, accepted=_after(writes=writes), retry_after=_seconds(answer)
        )
    if said.get("type") == _KEY_USED:
        mend = "What was first asked with this key may be done: look at Stripe, then ask anew."
        return ServiceRefused(detail, mend=mend, service_code=code, accepted="unknown")
    return _KINDS.get(answer.status, ServiceRefused)(detail, service_code=code)


def _after(*, writes: bool) -> Accepted:
    return "unknown" if writes else "no"


def _said(answer: HttpResponse) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except HttpFailed:
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _seconds(answer: HttpResponse) -> int:
    told = answer.headers.get("retry-after", "")
    return int(told) if told.isascii() and told.isdigit() else _WAIT_SECONDS
