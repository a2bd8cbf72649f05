"""Errors that the SDK raises to extensions, and those that extensions raise to the core.

SdkError
+-- PermissionDenied    the grant (or the user behind the call) lacks a scope
+-- NotFound            no such record, setting or page in this workspace
+-- Conflict            the record changed since it was read
+-- QuotaExceeded       `app.storage` holds as much as it may in this workspace
+-- Invalid             values were refused; `findings` has all reasons
|   +-- InvalidBlocks   a panel or widget that can't be shown
+-- Refused             raised BY an extension in a `before_*` hook to refuse a change
+-- UnknownAction       a button or form named an action that the extension lacks
+-- Unavailable         the core is busy; try again later
+-- JobStopped          a running job is to end: it was cancelled, or its time is over
+-- HttpError           an outside call through `app.http`
    +-- HttpNotAllowed  the host is not in the manifest's `network`, or not granted
    +-- HttpFailed      no answer: name, connection, TLS or time limit
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: a JSON pointer (`""` is the whole), a code, how to mend it."""

    pointer: str
    code: str
    message: str


class SdkError(Exception):
    """Base of every error of the SDK; `code` is stable, `str(error)` is for people."""

    code: ClassVar[str] = "sdk_error"


class PermissionDenied(SdkError):
    """The call needs `scope`, which the installation or the current user does not have."""

    code = "permission_denied"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the permission {scope}, which is not granted.")
        self.scope = scope


class NotFound(SdkError):
    """There is no `kind` with the id `object_id` in this workspace."""

    code = "not_found"

    def __init__(self, kind: str, object_id: str) -> None:
        super().__init__(f"There is no {kind} with the id {object_id}.")
        self.kind = kind
        self.object_id = object_id


class Conflict(SdkError):
    """The record changed since it was read: read it again and repeat the change."""

    code = "conflict"


class QuotaExceeded(SdkError):
    """Nothing was stored, since there would be more than `quota`, such as "10,000 documents"."""

    code = "quota_exceeded"

    def __init__(self, quota: str) -> None:
        super().__init__(
            f"The storage of this extension is full: it may hold {quota} in a workspace. "
            "Delete documents first."
        )
        self.quota = quota


class Invalid(SdkError):
    """Values were refused; `findings` holds every reason, not only the first."""

    code = "invalid"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(
            "; ".join(f"{found.pointer or '(all)'}: {found.message}" for found in findings)
        )
        self.findings = tuple(findings)


class InvalidBlocks(Invalid):
    """UI blocks that can't be shown."""

    code = "invalid_blocks"


class Refused(SdkError):
    """Raise this in `before_record_save`: the change is not made and people read `reason`.

    `field` names the record's field that is to blame, if it is one.
    """

    code = "refused"

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field


class UnknownAction(SdkError):
    """A button or form asked for `action`, and `perform_action` does not know it."""

    code = "unknown_action"

    def __init__(self, action: str) -> None:
        super().__init__(f"This extension has no action {action!r}.")
        self.action = action


class Unavailable(SdkError):
    """The core can't answer now; try again after `retry_after` seconds.

    Raise it in `on_event` where something outside is not there: the event comes again later.
    """

    code = "unavailable"

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class JobStopped(SdkError):
    """The job that runs is to end: cancelled, out of time, or its worker stops. Let it through."""

    code = "job_stopped"


class HttpError(SdkError):
    """Base of what `app.http` raises."""

    code = "http_error"


class HttpNotAllowed(HttpError):
    """`host` is not among the manifest's `network` entries, or is a private address."""

    code = "http_not_allowed"

    def __init__(self, host: str) -> None:
        super().__init__(
            f"Calls to {host} are not allowed: name the host under network in manifest.json."
        )
        self.host = host


class HttpFailed(HttpError):
    """No answer came. `sent` is False where the request has certainly not left the machine."""

    code = "http_failed"

    def __init__(self, detail: str, *, sent: bool = True) -> None:
        super().__init__(detail)
        self.sent = sent
