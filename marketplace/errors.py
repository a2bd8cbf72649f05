"""What the registry refuses, besides a wrong package.

Conflict
├── IdTaken (409)
├── VersionExists (409)
└── VersionWithheld (409)
NotFound
└── UnknownExtension (404)
"""

from geminicrm.kernel.errors import Conflict, NotFound


class IdTaken(Conflict):
    """Another publisher was first with this id."""

    code = "duplicate_id"
    title = "This id belongs to another publisher"

    def __init__(self, extension_id: str, publisher: str) -> None:
        super().__init__(
            f"The id {extension_id!r} belongs to {publisher}, who published it first. Choose "
            "another id in manifest.json."
        )


class VersionExists(Conflict):
    """The version was published before with other bytes; versions never change."""

    code = "version_exists"
    title = "This version was published before"

    def __init__(self, extension_id: str, version: str) -> None:
        super().__init__(
            f"{extension_id} {version} was published before with other contents. Raise the "
            "version in manifest.json."
        )


class VersionWithheld(Conflict):
    """The version is there and can't be had: it waits for its review, was rejected or stopped."""

    code = "version_withheld"
    title = "This version can't be installed"

    def __init__(self, extension_id: str, version: str, state: str) -> None:
        words = {
            "pending": "waits for its review",
            "rejected": "was rejected in review",
            "quarantined": "was stopped, since it is dangerous",
        }
        super().__init__(
            f"{extension_id} {version} {words.get(state, f'is {state}')}. Choose another version."
        )


class UnknownExtension(NotFound):
    """Nothing of this name was published here."""

    def __init__(self, extension_id: str, version: str | None = None) -> None:
        super().__init__("extension", extension_id)
        named = f"version {version!r} of {extension_id!r}" if version else repr(extension_id)
        self.detail = f"There is no extension {named} in the marketplace."
        self.args = (self.detail,)  # the words of NotFound speak of a workspace
