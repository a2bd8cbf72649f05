"""What keeps a version from taking the place of another.

NotNewer (409)            it is the version that runs, or an older one
OtherOrigin (409)         it comes from another registry or publisher than what is installed
StorageNotReadable (409)  it can't read what the present version stores
ReturnedFrom (409)        it was returned from when it failed; only by name is it tried again
NothingBefore (404)       there is no earlier version to go back to, or not that one
"""

from geminicrm.kernel.errors import Conflict, NotFound


class NotNewer(Conflict):
    """An upgrade goes forward; the way back is a rollback."""

    code = "not_newer"
    title = "Not a newer version"

    def __init__(self, extension_id: str, present: str, wanted: str) -> None:
        if present == wanted:
            detail = f"{extension_id} {present} is what is installed; nothing was changed."
        else:
            detail = (
                f"{extension_id} {wanted} is older than {present}, which is installed. An upgrade "
                "goes forward only; go back to an earlier version with a rollback."
            )
        super().__init__(detail, extension_id=extension_id, installed=present, wanted=wanted)


class OtherOrigin(Conflict):
    """An id stays bound to the registry and the publisher that it came from first."""

    code = "other_origin"
    title = "It comes from somewhere else"

    def __init__(self, extension_id: str, what: str, bound: str, found: str) -> None:
        super().__init__(
            f"{extension_id} belongs to the {what} {bound!r} here, and this version comes from "
            f"{found!r}. It is not the same extension, whatever its id says; uninstall the one you "
            "have if you want to change over.",
            extension_id=extension_id,
        )


class StorageNotReadable(Conflict):
    """A version that can't read the data that is stored would lose or break it."""

    code = "storage_not_readable"
    title = "It can't read the stored data"

    def __init__(self, extension_id: str, version: str, present: int, wanted: int) -> None:
        super().__init__(
            f"{extension_id} {version} declares storage_version {wanted}, and what is installed "
            f"stores data of storage_version {present}. Ask its author for a version that declares "
            f"{present} or more.",
            extension_id=extension_id,
            storage_version=present,
        )


class ReturnedFrom(Conflict):
    """Nobody is taken again, without asking for it, to a version that failed here."""

    code = "returned_from"
    title = "This version failed here"

    def __init__(self, extension_id: str, version: str, reason: str | None) -> None:
        why = f" ({reason})" if reason else ""
        super().__init__(
            f"{extension_id} {version} is the newest version, and it was returned from here{why}. "
            f'Wait for a newer one, or try it again by name: "version": "{version}".',
            extension_id=extension_id,
            version=version,
        )


class NothingBefore(NotFound):
    """The history of the installation has no such version."""

    code = "nothing_before"

    def __init__(self, extension_id: str, version: str | None) -> None:
        super().__init__("earlier version", version or extension_id)
        self.detail = (
            f"{extension_id} {version} has not been installed here before, or is what runs now."
            if version
            else f"{extension_id} has no earlier version to go back to."
        )
