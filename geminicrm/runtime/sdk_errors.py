"""Errors on their way through the SDK: the core's become the extension's, and back again."""

import contextlib
from collections.abc import Iterator

from flask import Response, request

from extensions.sdk import errors as sdk
from extensions.sdk import service_errors as service
from geminicrm.api.http import problem
from geminicrm.kernel import errors as core
from geminicrm.runtime.failures import RefusedByExtension, StorageFull

# By its code: the probe's child reads this module and need not load the CRM for one class.
_CHANGE_REFUSED = "change_refused"


class NoCall(sdk.SdkError):
    """`self.app` was used while the core was not calling the extension."""

    code = "no_call"

    def __init__(self, extension_id: str) -> None:
        super().__init__(
            f"{extension_id}: self.app finds its workspace from the current call (a route, a hook, "
            "install() and so on). It can't be used while a module is imported, in __init__(), in "
            "get_routes(), in threads of your own, or after the call's time is over."
        )


@contextlib.contextmanager
def translated(kind: str, object_id: str = "") -> Iterator[None]:
    """Turn errors of the core into those of the SDK, so that extensions know one tree only."""
    try:
        yield
    except core.AppError as error:
        raise to_sdk(error, kind, object_id) from error


def to_sdk(error: core.AppError, kind: str, object_id: str) -> sdk.SdkError:  # noqa: PLR0911 - one arm per class of the tree
    """Give the SDK's error for one of the core's."""
    match error:
        case core.ScopeMissing():
            return sdk.PermissionDenied(error.scope)
        case core.NotFound():
            return sdk.NotFound(kind, object_id)
        case core.ValidationFailed() if error.code == _CHANGE_REFUSED:
            return sdk.Refused(error.detail, error.findings[0].pointer.strip("/") or None)
        case core.ValidationFailed():
            found = [sdk.Finding(one.pointer, one.code, one.message) for one in error.findings]
            return sdk.Invalid(found)
        case core.Conflict() | core.PreconditionFailed():
            return _conflict_to_sdk(error)
        case core.BadRequest() | core.TooLarge():
            return sdk.Invalid([sdk.Finding("", error.code, error.detail)])
        case core.Unavailable() | core.TooManyRequests():
            return sdk.Unavailable(error.detail, int(error.headers["Retry-After"]))
        case _:
            return sdk.SdkError(error.detail)


def _conflict_to_sdk(error: core.AppError) -> sdk.SdkError:
    if isinstance(error, StorageFull):
        return sdk.QuotaExceeded(error.quota)
    return sdk.Conflict(error.detail)


def to_core(error: sdk.SdkError, extension_id: str) -> core.AppError:
    """Give the core's error for one that an extension let through to whoever called it."""
    found = _to_core(error, extension_id)
    found.extra["extension_id"] = extension_id
    return found


def _to_core(  # noqa: PLR0911 - one arm per class of the tree
    error: sdk.SdkError, extension_id: str
) -> core.AppError:
    match error:
        case sdk.PermissionDenied():
            return core.ScopeMissing(error.scope, f"The extension {extension_id!r}")
        case sdk.NotFound() | sdk.UnknownAction():
            missing = core.NotFound("", "")
            missing.detail = str(error)
            missing.args = (missing.detail,)
            return missing
        case sdk.Invalid():
            found = [core.Finding(one.pointer, one.code, one.message) for one in error.findings]
            return core.ValidationFailed(found)
        case sdk.Refused():
            return RefusedByExtension(extension_id, error.reason, error.field)
        case sdk.Conflict() | sdk.QuotaExceeded() | service.NotConnected():
            return _conflict_to_core(error)
        case sdk.Unavailable():
            return core.Unavailable(str(error), error.retry_after)
        case _:
            return _outside_to_core(error)


def _outside_to_core(error: sdk.SdkError) -> core.AppError:
    if isinstance(error, service.ServiceError):
        return ServiceFailed(error)
    return OutsideFailed(str(error))


def _conflict_to_core(error: sdk.SdkError) -> core.AppError:
    if isinstance(error, sdk.QuotaExceeded):
        return StorageFull(error.quota)
    return core.Conflict(str(error))


class OutsideFailed(core.AppError):
    """The extension could not do its work for want of something outside of it."""

    code = "extension_outside_failed"
    status = 502
    title = "The extension could not do it"


class ServiceFailed(OutsideFailed):
    """An outside service did not do what was asked; the answer says why and what to do."""

    code = "service_failed"
    title = "An outside service did not do it"

    def __init__(self, error: service.ServiceError) -> None:
        super().__init__(
            str(error),
            reason=error.code,
            mend=error.mend,
            service_code=error.service_code,
            accepted=error.accepted,
        )
        if error.retry_after:
            self.headers = {"Retry-After": str(error.retry_after)}


def problem_of(extension_id: str, error: sdk.SdkError) -> Response:
    """Answer a route of an extension that let an error of the SDK through."""
    return problem(to_core(error, extension_id), request.path)
