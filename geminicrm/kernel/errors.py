"""The one exception tree of the core; every leaf has a stable code and an HTTP status.

AppError
├── BadRequest (400)
├── Unauthenticated (401)
├── Forbidden (403)
│   └── ScopeMissing (403)
├── NotFound (404)
├── Conflict (409)
├── Gone (410)
├── PreconditionFailed (412)
├── TooLarge (413)
├── ValidationFailed (422)
├── TooManyRequests (429)
├── Unavailable (503)
└── DiskFull (507)

ConfigurationError stops the start and is never an answer; it lives in the lowest room.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import ClassVar

from geminicrm.config import ConfigurationError as ConfigurationError  # noqa: PLC0414 - re-exported: one place to import errors from


@dataclass(frozen=True)
class Finding:
    """One thing wrong with an input: where (JSON pointer), a stable code, how to mend it."""

    pointer: str
    code: str
    message: str


class AppError(Exception):
    """Something the caller should hear about; `extra` members join the problem document."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra
        self.headers: dict[str, str] = {}


class BadRequest(AppError):
    """The request itself can't be read."""

    code = "bad_request"
    status = 400
    title = "The request can't be read"


class Unauthenticated(AppError):
    """Nobody is signed in, or the token does not hold."""

    code = "unauthenticated"
    status = 401
    title = "Sign in first"

    def __init__(self, detail: str = "Send a bearer token or sign in.", **extra: object) -> None:
        super().__init__(detail, **extra)
        self.headers = {"WWW-Authenticate": 'Bearer realm="geminicrm"'}


class Forbidden(AppError):
    """The actor is known and may not do this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class ScopeMissing(Forbidden):
    """The actor lacks one scope; `scope` names it."""

    code = "scope_missing"
    title = "A permission is missing"

    def __init__(self, scope: str, who: str = "This caller") -> None:
        super().__init__(f"{who} lacks the permission {scope!r}.", scope=scope)
        self.scope = scope
        self.headers = {
            "WWW-Authenticate": (
                f'Bearer realm="geminicrm", error="insufficient_scope", scope="{scope}"'
            )
        }


class NotFound(AppError):
    """There is no such thing in this workspace."""

    code = "not_found"
    status = 404
    title = "Not found"

    def __init__(self, kind: str, identifier: str) -> None:
        super().__init__(f"There is no {kind} {identifier!r} in this workspace.")


class Conflict(AppError):
    """The state of the thing does not allow it now."""

    code = "conflict"
    status = 409
    title = "This conflicts with the present state"


class Gone(AppError):
    """What is asked for was there and is kept no more."""

    code = "gone"
    status = 410
    title = "It is kept no more"


class PreconditionFailed(AppError):
    """The record changed since the caller read it."""

    code = "precondition_failed"
    status = 412
    title = "The record has changed since you read it"


class TooLarge(AppError):
    """The body is larger than this door takes."""

    code = "too_large"
    status = 413
    title = "Too large"


class ValidationFailed(AppError):
    """The input was read and is wrong; `findings` lists every wrong place."""

    code = "validation_failed"
    status = 422
    title = "Some values are wrong"

    def __init__(self, findings: Iterable[Finding], detail: str | None = None) -> None:
        self.findings = tuple(findings)
        super().__init__(
            detail or "; ".join(f"{f.pointer or '/'}: {f.message}" for f in self.findings),
            errors=[asdict(finding) for finding in self.findings],
        )


class TooManyRequests(AppError):
    """The caller goes too fast; `retry_after` is in seconds."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(max(1, round(retry_after)))}


class Unavailable(AppError):
    """Try again later; `retry_after` is in seconds."""

    code = "unavailable"
    status = 503
    title = "Not available right now"

    def __init__(self, detail: str, retry_after: float = 1.0, **extra: object) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(max(1, round(retry_after)))}


class DiskFull(AppError):
    """The disk or its quota has no room; nothing of what was begun is left."""

    code = "disk_full"
    status = 507
    title = "The disk is full"
