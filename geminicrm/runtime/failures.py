"""What can go wrong with an extension, and the finding of the place in its own code.

ExtensionFailed (502)          its code raised, or gave something that can't be used
├── LoadFailed (502)           it can't be imported, made or mounted
└── ExtensionTimeout (504)     it did not return in time
ExtensionBusy (503)            as many calls as it may have are running
ExtensionPaused (503)          it failed too often and is left out for a while
HostUnavailable (503)          its host can't be started just now
ExtensionAway (503)            its package is on its way to this machine
InSafeMode (503)               no extension runs
ExtensionUnknown (404)         it is not installed in this workspace, or switched off
RefusedByExtension (422)       it said no, with a reason for people
StorageFull (409)              its documents would go beyond a quota
"""

from typing_extensions import override

from geminicrm.kernel.errors import (
    AppError,
    Conflict,
    Finding,
    NotFound,
    Unavailable,
    ValidationFailed,
)

_SHOWN = 300


class ExtensionFailed(AppError):
    """An extension's code failed; the core goes on.

    `where` is the place in the extension's own code, such as `routes.py:12 in list_pets`, and
    empty where none of its code was running. `reason` holds the text of its error, which goes to
    logs and admins: it may quote data, so `detail`, which everybody sees, leaves it out.
    """

    code = "extension_failed"
    status = 502
    title = "An extension failed"

    def __init__(self, extension_id: str, doing: str, where: str, reason: str) -> None:
        kind = reason.partition(":")[0]
        at = f" at {where}" if where else ""
        super().__init__(
            f"The extension {extension_id!r} failed in {doing}{at} ({kind}). "
            "Its log has the details.",
            extension_id=extension_id,
            where=where,
        )
        self.extension_id = extension_id
        self.doing = doing
        self.where = where
        self.reason = reason[:_SHOWN]

    @override
    def __str__(self) -> str:
        at = f" at {self.where}" if self.where else ""
        return f"{self.extension_id} failed in {self.doing}{at}: {self.reason}"


class LoadFailed(ExtensionFailed):
    """A version can't be loaded; the reason is its author's business and shown in full."""

    code = "extension_load_failed"
    title = "An extension can't be loaded"

    def __init__(self, extension_id: str, doing: str, where: str, reason: str) -> None:
        super().__init__(extension_id, doing, where, reason)
        self.detail = str(self)


class ExtensionTimeout(ExtensionFailed):
    """The extension did not return within its time; what it was doing may still go on."""

    code = "extension_timeout"
    status = 504
    title = "An extension took too long"

    def __init__(self, extension_id: str, doing: str, seconds: float) -> None:
        super().__init__(extension_id, doing, "", f"no return within {seconds:g} s")


class ExtensionBusy(Unavailable):
    """The extension has as many calls running as it may have."""

    code = "extension_busy"
    title = "An extension is busy"

    def __init__(self, extension_id: str) -> None:
        super().__init__(
            f"The extension {extension_id!r} is busy with other calls; try again.",
            1.0,
            extension_id=extension_id,
        )
        self.extension_id = extension_id


class ExtensionPaused(Unavailable):
    """The extension failed several times in a row; `retry_after` is in seconds."""

    code = "extension_paused"
    title = "An extension is paused"

    def __init__(self, extension_id: str, retry_after: float) -> None:
        super().__init__(
            f"The extension {extension_id!r} failed several times in a row and is left out for "
            "a while.",
            retry_after,
            extension_id=extension_id,
        )
        self.extension_id = extension_id


class ExtensionAway(Unavailable):
    """The extension's package is not on this machine yet; `retry_after` is in seconds."""

    code = "extension_away"
    title = "An extension is on its way"

    def __init__(self, extension_id: str, reason: str | None, retry_after: float) -> None:
        why = f"and can't be brought here now: {reason}" if reason else "yet and is being fetched"
        super().__init__(
            f"The package of {extension_id!r} is not on this machine {why}.",
            retry_after,
            extension_id=extension_id,
        )
        self.extension_id = extension_id


class InSafeMode(Unavailable):
    """Safe mode is on, so no code of an extension runs."""

    code = "safe_mode"
    title = "Safe mode is on"

    def __init__(self, what: str) -> None:
        super().__init__(f"Safe mode is on: no extension runs, so {what}.", 60.0)


class HostUnavailable(Unavailable):
    """The process that runs the extension can't be started just now; `reason` says why.

    `crashed` says that this is its own fault: it has just crashed.
    """

    code = "extension_host_unavailable"
    title = "An extension can't be started now"

    def __init__(
        self,
        extension_id: str,
        reason: str,
        retry_after: float = 1.0,
        *,
        crashed: bool = False,
    ) -> None:
        super().__init__(
            f"The process of the extension {extension_id!r} can't be started now: {reason}",
            retry_after,
            extension_id=extension_id,
        )
        self.extension_id = extension_id
        self.crashed = crashed


class RemoteFailure(Exception):
    """What happened in a host: `where` in the extension's own code, or "", and its error's text.

    The guarded call makes an ExtensionFailed of it, as of any error of an extension. `ended` says
    that the process is gone: then the supervisor holds back with the next one.
    """

    def __init__(self, where: str, reason: str, *, ended: bool = False) -> None:
        super().__init__(f"{reason} at {where}" if where else reason)
        self.where = where
        self.reason = reason
        self.ended = ended


class ExtensionUnknown(NotFound):
    """The workspace has no such extension that is switched on."""

    code = "extension_not_available"

    def __init__(self, extension_id: str) -> None:
        super().__init__("extension", extension_id)
        self.detail = (
            f"The extension {extension_id!r} is not installed in this workspace, "
            "or is switched off."
        )
        self.extra["extension_id"] = extension_id


class RefusedByExtension(ValidationFailed):
    """An extension would not do what it was asked for; the reason is for people."""

    code = "refused_by_extension"
    title = "The extension refused"

    def __init__(self, extension_id: str, reason: str, field: str | None) -> None:
        super().__init__([Finding(f"/{field}" if field else "", "refused", reason)], reason)
        self.extra["extension_id"] = extension_id


class StorageFull(Conflict):
    """The documents of an extension would go beyond `quota`, such as "10,000 documents"."""

    code = "quota_exceeded"
    title = "The storage of an extension is full"

    def __init__(self, quota: str) -> None:
        super().__init__(
            f"The storage of the extension is full: it may hold {quota} in a workspace.",
            quota=quota,
        )
        self.quota = quota
