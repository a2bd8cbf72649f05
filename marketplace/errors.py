"""What the registry refuses, besides a wrong package.

Conflict
├── IdTaken (409)
└── VersionExists (409)
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


class UnknownExtension(NotFound):
    """Nothing of this name was published here."""

    def __init__(self, extension_id: str, version: str | None = None) -> None:
        super().__init__("extension", extension_id)
        named = f"version {version!r} of {extension_id!r}" if version else repr(extension_id)
        self.detail = f"There is no extension {named} in the marketplace."
        self.args = (self.detail,)  # the words of NotFound speak of a workspace
