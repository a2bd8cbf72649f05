"""What can be installed: versions as registries name them, and where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from geminicrm.runtime.models import EMBEDDED


@dataclass(frozen=True, slots=True)
class Signature:
    """An Ed25519 signature: `key_id` is the SHA-256 of the public key in hex, `value` base64."""

    key_id: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRef:
    """One published version: who vouches for it, and the digest that its bytes must have.

    `digest` is the SHA-256 of the package in hex, with or without `sha256:` in front; `size` is
    in bytes. `record` is what its registry says of it, as the very text that `record_signatures`
    are over; `signature` is the publisher's over the digest. What a source says here is believed
    only as far as `Tools.vouch` finds it signed; `signed` and `built_in` are its findings. `state`
    is that of the registry's version: listed, yanked.
    """

    extension_id: str
    version: str
    digest: str
    built_in: bool
    signed: bool
    size: int
    registry_id: str = EMBEDDED
    publisher_id: str | None = None
    signature: Signature | None = None
    record: str | None = None
    record_signatures: tuple[Signature, ...] = ()
    state: str = "listed"

    @property
    def hex_digest(self) -> str:
        """Give the digest as the name of a folder."""
        return self.digest.removeprefix("sha256:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A version that could be installed, with its manifest as the registry tells it."""

    ref: PackageRef
    manifest: Mapping[str, Any]


class PackageSource(Protocol):
    """Where packages come from: the embedded registry, and those that an operator has added.

    `workspace_id` decides what is seen: private extensions, and the registry that an id is bound
    to there. Raises Unavailable where a registry does not answer in time, RegistryRefused where
    what it says is not signed as pinned.
    """

    def find(self, workspace_id: str, extension_id: str, version: str | None) -> PackageRef:
        """Name a version, the newest good one for None; a yanked one only by name.

        Raises NotFound.
        """
        ...

    def versions(self, workspace_id: str, extension_id: str) -> Sequence[Offered]:
        """Give every version that can be had, the highest first; none for an unknown id."""
        ...

    def read(self, ref: PackageRef) -> bytes:
        """Give the bytes of the package."""
        ...
