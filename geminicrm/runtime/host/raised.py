"""The SDK's errors on the wire: each comes out on the other side as the same class, same text."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from extensions.sdk import errors as sdk
from extensions.sdk import service_errors as service
from geminicrm.runtime.host.messages import MOST_FINDINGS, ErrorFacts
from geminicrm.runtime.host.traces import reason_of
from geminicrm.runtime.host.wire import WireBroken

_LONGEST_TEXT: Final = 2_000
_LONGEST_NAME: Final = 200
_LONGEST_FACT: Final = 500
_MOST_FINDINGS_BYTES: Final = 8_000
_LONGEST_WAIT: Final = 24 * 60 * 60

_Fact = str | int | bool | None
_Taken = Callable[[Any], _Fact]


def _text(value: object) -> str:
    return short(str(value), _LONGEST_FACT)


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _flag(value: object) -> bool:
    return bool(value)


def _wait(value: Any) -> int:
    return max(0, min(int(value), _LONGEST_WAIT))


def _accepted(value: object) -> str:
    return "no" if value == "no" else "unknown"  # whatever else it says: nothing is done twice


_SERVICE: Final[Mapping[str, _Taken]] = {
    "mend": _text,
    "service_code": _text,
    "accepted": _accepted,
    "retry_after": _wait,
}

_KEPT: Final[Mapping[type[sdk.SdkError], Mapping[str, _Taken]]] = MappingProxyType(
    {
        sdk.SdkError: {},
        sdk.PermissionDenied: {"scope": _text},
        sdk.NotFound: {"kind": _text, "object_id": _text},
        sdk.Conflict: {},
        sdk.QuotaExceeded: {"quota": _text},
        sdk.Invalid: {},
        sdk.InvalidBlocks: {},
        sdk.Refused: {"reason": _text, "field": _text_or_none},
        sdk.UnknownAction: {"action": _text},
        sdk.Unavailable: {"retry_after": _wait},
        sdk.JobStopped: {},
        sdk.HttpError: {},
        sdk.HttpNotAllowed: {"host": _text},
        sdk.HttpFailed: {"sent": _flag},
        service.NotConnected: {"service": _text},
        service.ServiceError: _SERVICE,
        service.AuthenticationError: _SERVICE,
        service.AccessDenied: _SERVICE,
        service.ServiceNotFound: _SERVICE,
        service.ServiceRefused: _SERVICE,
        service.RateLimited: _SERVICE,
        service.ServiceUnavailable: _SERVICE,
        service.OutcomeUnknown: _SERVICE,
    }
)
"""What each class keeps beside its text, and how it is read. `findings` have a place of their own.

It is the whole tree of the SDK, which a test compares; a class of an extension's own travels as
the one that it derives from.
"""
_BY_CODE: Final[Mapping[str, type[sdk.SdkError]]] = MappingProxyType(
    {kind.code: kind for kind in _KEPT}
)


def facts_of(error: sdk.SdkError) -> ErrorFacts:
    """Give an error as it travels; what is too long is cut.

    Raises whatever reading an error raises that an extension has tampered with.
    """
    kind = _known(type(error))
    about = {name: take(getattr(error, name)) for name, take in _KEPT[kind].items()}
    findings = error.findings if isinstance(error, sdk.Invalid) else ()
    return ErrorFacts(kind.code, short(_said(error), _LONGEST_TEXT), about, _fitting(findings))


def _known(kind: type[sdk.SdkError]) -> type[sdk.SdkError]:
    return next((one for one in kind.__mro__ if one in _KEPT), sdk.SdkError)


def error_of(facts: ErrorFacts) -> sdk.SdkError:
    """Give the error back; one that this version of the SDK does not know as a plain SdkError.

    Raises WireBroken where it lacks what its class keeps.
    """
    kind = _BY_CODE.get(facts.code, sdk.SdkError)
    error = kind.__new__(kind)
    error.args = (facts.text,)  # its constructor would word it anew
    try:
        for name, take in _KEPT[kind].items():
            setattr(error, name, take(facts.about[name]))
    except (KeyError, TypeError, ValueError):
        raise WireBroken(f"an error {facts.code!r} without what it keeps") from None
    if isinstance(error, sdk.Invalid):
        error.findings = tuple(sdk.Finding(*one) for one in facts.findings)
    return error


def short(text: str, most: int) -> str:
    """Cut a text to `most` bytes of UTF-8; half characters become question marks."""
    return text.encode(errors="replace")[:most].decode(errors="ignore")


def _said(error: sdk.SdkError) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - border: __str__ is the extension's code as well
        return reason_of(error)


def _fitting(findings: tuple[sdk.Finding, ...]) -> tuple[tuple[str, str, str], ...]:
    left = _MOST_FINDINGS_BYTES
    fitting = []
    for found in findings[:MOST_FINDINGS]:
        code = short(str(found.code), _LONGEST_NAME)
        one = (_text(found.pointer), code, _text(found.message))
        left -= sum(len(part.encode()) for part in one)
        if left < 0:
            break
        fitting.append(one)
    return tuple(fitting)
