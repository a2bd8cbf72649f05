"""Vouching: what is signed of a version, held against the keys that are pinned."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from geminicrm.kernel.errors import AppError
from geminicrm.runtime.install.offers import PackageRef, Signature
from geminicrm.runtime.install.state import Refused
from geminicrm.runtime.models import EMBEDDED
from marketplace.publishers.acting import CORE_ID
from marketplace.records import VERSION
from marketplace.signing.envelope import SignedText, package_signed, read_object
from marketplace.signing.errors import Untrusted
from marketplace.signing.pins import Pinned

_AGAIN: Final = "Tell who operates the registry: its database may have been changed."


class Vouching:
    """Checks what the embedded registry names; `pin` gives what is pinned for it.

    `comes_along` tells whether a digest is that of an extension in this installation's own folder.
    """

    def __init__(self, pin: Callable[[], Pinned], comes_along: Callable[[str, str], bool]) -> None:
        self._pin = pin
        self._comes_along = comes_along

    def __call__(self, ref: PackageRef) -> PackageRef:
        """Give the reference with what its signatures prove. Raises Refused for anything wrong.

        `signed` says that the publisher signed the digest with the key in the registry's record,
        `built_in` that the core itself publishes it and that its code came with this very
        installation: no row of a database is enough for code to run in the core's own process.
        """
        record = self._record(ref)
        signed = _signature(ref, record)
        built_in = record["publisher"]["id"] == CORE_ID and ref.registry_id == EMBEDDED
        if built_in and not self._comes_along(ref.extension_id, ref.hex_digest):
            raise Refused(
                f"{ref.extension_id} {ref.version} is said to come with the CRM, but is not what "
                "this installation came with. Start the server again: it offers its own "
                "extensions anew."
            )
        return replace(ref, built_in=built_in, signed=signed is not None, signature=signed)

    def _record(self, ref: PackageRef) -> Mapping[str, Any]:
        name = f"{ref.extension_id} {ref.version}"
        if ref.record is None:
            raise Refused(f"The registry has no signed record of {name}. {_AGAIN}")
        try:
            pin = self._pin()
            if not pin.proves(SignedText(ref.record, ref.record_signatures)):
                raise Refused(
                    f"The record of {name} is not signed by a key that is pinned for its "
                    f"registry. {_AGAIN}"
                )
            record = read_object(ref.record)
        except Untrusted as error:
            raise Refused(error.detail) from error
        if not _same(ref, record):
            raise Refused(f"The registry says something else of {name} than it signed. {_AGAIN}")
        return record


def _same(ref: PackageRef, record: Mapping[str, Any]) -> bool:
    publisher, manifest = record.get("publisher"), record.get("manifest")
    if not (isinstance(publisher, dict) and isinstance(manifest, dict)):
        return False
    said = (VERSION, ref.extension_id, ref.version, f"sha256:{ref.hex_digest}", ref.size)
    signed = tuple(
        record.get(name) for name in ("type", "extension_id", "version", "digest", "size")
    )
    named = (manifest.get("id"), manifest.get("version"), publisher.get("id"))
    return said == signed and named == (ref.extension_id, ref.version, ref.publisher_id)


def _signature(ref: PackageRef, record: Mapping[str, Any]) -> Signature | None:
    """Check the publisher's signature as the record has it, and that nothing else was named."""
    kept = record.get("signature")
    if kept is None:
        if ref.signature is not None:
            raise Refused(f"The signature of {ref.extension_id} is not in its signed record.")
        return None
    try:
        signature, public = Signature(kept["key_id"], kept["value"]), kept["public"]
        good = package_signed(ref.hex_digest, signature, public)
    except (AppError, KeyError, TypeError, AttributeError):
        good = False
    if not good or ref.signature != signature:
        raise Refused(
            f"The publisher's signature of {ref.extension_id} {ref.version} does not hold. {_AGAIN}"
        )
    return signature
