"""What HubSpot says when it does not do what was asked, in the errors of the SDK.

Source: developers.hubspot.com, "Error handling" and "Usage guidelines". HubSpot knows no
idempotency keys: a lost answer to what must not be done twice is OutcomeUnknown.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias

from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import HttpFailed
from extensions.sdk.service_errors import (
    AccessDenied,
    AuthenticationError,
    OutcomeUnknown,
    RateLimited,
    ServiceError,
    ServiceNotFound,
    ServiceRefused,
    ServiceUnavailable,
)

Effect: TypeAlias = Literal["read", "same", "once"]
"""What a call does: it reads, it may be made twice, or it has to be made once."""

_TOO_MANY: Final = 429
_BROKEN: Final = 500
_NOT_NOW: Final = frozenset({423, 477})  # locked, or the account moves to another data centre
_KINDS: Final[Mapping[int, type[ServiceError]]] = {
    401: AuthenticationError,
    403: AccessDenied,
    404: ServiceNotFound,
}
_WAITS: Final[Mapping[str, int]] = {"SECONDLY": 1, "TEN_SECONDLY_ROLLING": 10, "DAILY": 3600}
_USUAL_WAIT: Final = 10


def lost(error: HttpFailed, effect: Effect) -> ServiceError:
    """Give what a call without an answer means."""
    detail = f"HubSpot gave no answer: {error}"
    return _unknown(detail, effect) if error.sent else ServiceUnavailable(detail)


def nonsense(error: Exception, effect: Effect) -> ServiceError:
    """Give what an answer means that is not as HubSpot describes it."""
    return _unknown(f"HubSpot's answer can't be read: {type(error).__name__}: {error}", effect)


def fault(answer: HttpResponse, effect: Effect) -> ServiceError:
    """Give what an answer means that says no; the code is HubSpot's category."""
    said = _said(answer)
    detail = f"HubSpot: {said.get('message') or f'status {answer.status}'}"
    code = str(said.get("category") or said.get("errorType") or "")
    if answer.status == _TOO_MANY:
        return RateLimited(detail, service_code=code, retry_after=_wait(answer, said))
    if answer.status in _NOT_NOW:
        return ServiceUnavailable(detail, service_code=code, retry_after=_wait(answer, said))
    if answer.status >= _BROKEN:
        return _unknown(detail, effect)
    return _KINDS.get(answer.status, ServiceRefused)(detail, service_code=code)


def _unknown(detail: str, effect: Effect) -> ServiceError:
    if effect == "once":
        return OutcomeUnknown(detail)
    return ServiceUnavailable(detail, accepted="no" if effect == "read" else "unknown")


def _said(answer: HttpResponse) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except HttpFailed:
        return {}
    return body if isinstance(body, dict) else {}


def _wait(answer: HttpResponse, said: Mapping[str, Any]) -> int:
    told = answer.headers.get("retry-after", "")
    if told.isascii() and told.isdigit():
        return int(told)
    return _WAITS.get(str(said.get("policyName") or ""), _USUAL_WAIT)
