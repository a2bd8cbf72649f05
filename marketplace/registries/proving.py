"""Finding out what a registry has signed, and refusing everything else."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from geminicrm.runtime.install.offers import Offered, PackageRef
from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES
from geminicrm.runtime.semver import NotAVersion, SemVer
from marketplace.registries.errors import RegistryRefused
from marketplace.registries.wire import Entry, Record, WrongShape, read_signed
from marketplace.signing.envelope import SignedText, package_signed
from marketplace.signing.pins import Pinned

HAD: Final = frozenset({"listed", "yanked"})
_OTHER_KEY: Final = (
    "If its operator has changed its keys without overlap, remove it and add it with the new key."
)


@dataclass(frozen=True, slots=True)
class Known:
    """Whose word is taken: the registry's id and name here, and the keys that are pinned."""

    id: str
    name: str
    pin: Pinned


@dataclass(frozen=True, slots=True)
class Version:
    """One version whose record is signed as pinned."""

    ref: PackageRef
    record: Record
    has_icon: bool

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Give the manifest as it was signed."""
        return self.record.manifest

    @property
    def published_at(self) -> datetime:
        """Tell when it was published."""
        return self.record.published_at

    def offered(self) -> Offered:
        """Give it as the runtime knows versions."""
        return Offered(ref=self.ref, manifest=self.record.manifest)

    def with_state(self, state: str) -> "Version":
        """Give the same in another state."""
        return replace(self, ref=replace(self.ref, state=state))


def prove_text(known: Known, signed: SignedText, what: str) -> None:
    """See that a text is signed by one of the pinned keys; RegistryRefused."""
    if not known.pin.proves(signed):
        raise RegistryRefused(
            known.name, f"{what} is not signed by a key that is pinned for it.", _OTHER_KEY
        )


def prove_version(known: Known, entry: Entry, extension_id: str | None = None) -> Version:
    """Read a version off its record; RegistryRefused unless that is signed and is the one asked.

    What the registry says besides the record can only make the state stricter.
    """
    prove_text(known, entry.signed(), "what it says of a version")
    try:
        record = read_signed(Record, entry.record)
    except WrongShape as error:
        raise RegistryRefused(known.name, f"the record of a version is wrong: {error}.") from None
    _check(known, record, extension_id)
    return Version(_ref(known, entry, record), record, entry.icon)


def prove_ref(known: Known, ref: PackageRef) -> PackageRef:
    """Read a reference anew off its record; RegistryRefused where it does not say the same."""
    if ref.record is None:
        raise RegistryRefused(known.name, f"there is no record of {ref.extension_id}.")
    lines = [{"key_id": one.key_id, "value": one.value} for one in ref.record_signatures]
    entry = Entry.model_validate(
        {"record": ref.record, "record_signatures": lines, "state": ref.state}
    )
    proved = prove_version(known, entry, ref.extension_id).ref
    if (proved.version, proved.hex_digest) != (ref.version, ref.hex_digest):
        raise RegistryRefused(
            known.name, f"the record is not that of {ref.extension_id} {ref.version}."
        )
    return proved


def _check(known: Known, record: Record, extension_id: str | None) -> None:
    name, version = record.extension_id, record.version
    if extension_id is not None and name != extension_id:
        raise RegistryRefused(
            known.name, f"it answers with a record of {name!r} when asked for {extension_id!r}."
        )
    if (record.manifest.get("id"), record.manifest.get("version")) != (name, version):
        raise RegistryRefused(
            known.name, f"the record of {name} {version} holds the manifest of another version."
        )
    if record.size > MAX_PACKAGE_BYTES:
        raise RegistryRefused(
            known.name,
            f"{name} {version} has {record.size} bytes; packages have at most {MAX_PACKAGE_BYTES}.",
        )
    try:
        SemVer.parse(version)
    except NotAVersion as error:
        raise RegistryRefused(known.name, f"{name} has a wrong version: {error}.") from None


def _ref(known: Known, entry: Entry, record: Record) -> PackageRef:
    by = record.signature
    signature = by.signature() if by is not None else None
    return PackageRef(
        extension_id=record.extension_id,
        version=record.version,
        digest=record.digest,
        built_in=False,  # only what came with this very core is
        signed=by is not None and package_signed(record.digest, by.signature(), by.public),
        size=record.size,
        registry_id=known.id,
        publisher_id=record.publisher.id,
        signature=signature,
        record=entry.record,
        record_signatures=tuple(one.signature() for one in entry.record_signatures),
        state=entry.state,
    )
