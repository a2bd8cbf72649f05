"""What the registry signs of each version: made when it is published, kept as the very text."""

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

import structlog
from sqlalchemy import select
from sqlalchemy.orm import undefer

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.work import Work
from marketplace.models import RegistryVersion
from marketplace.signing.documents import put_document
from marketplace.signing.envelope import (
    SignedText,
    canonical,
    read_signatures,
    signature_dicts,
    signers,
)
from marketplace.signing.models import SignedDocument
from marketplace.signing.pins import KEYS, REVOKED, Pinned

_log = structlog.get_logger(__name__)
VERSION: Final = "version"
Sign = Callable[[Work, str], SignedText]


class Named(Protocol):
    """What a record says of a publisher: `marketplace.publishers.models.PublisherRow`."""

    @property
    def id(self) -> str:
        """Give the id, which never changes."""
        ...

    @property
    def slug(self) -> str:
        """Give the short name."""
        ...

    @property
    def name(self) -> str:
        """Give the name for people."""
        ...

    @property
    def verified(self) -> bool:
        """Tell whether an operator has verified who it is."""
        ...


def write_record(work: Work, row: RegistryVersion, publisher: Named, sign: Sign) -> None:
    """Make and sign the record of a version, from what has just been checked."""
    members = {
        "type": VERSION,
        "extension_id": row.manifest["id"],
        "version": row.version,
        "digest": f"sha256:{row.digest}",
        "size": row.size,
        "publisher": _publisher(publisher),
        "signature": row.signature,
        "manifest": row.manifest,
        "published_at": format_instant(row.published_at),
    }
    _keep(row, sign(work, canonical(members)))


def signed_record(row: RegistryVersion) -> SignedText | None:
    """Give the record of a version with its signatures."""
    if row.record is None:
        return None
    return SignedText(row.record, read_signatures(row.record_signatures))


def renew_publisher(
    work: Work, keys: Iterable[str], publisher: Named, pin: Pinned, sign: Sign
) -> None:
    """Name the publisher as it is now in the records of these extensions' versions.

    The rest is taken from the old records, never from the rows; one that is not signed as pinned
    is left as it is, good for nothing.
    """
    for row in _rows(work, RegistryVersion.extension_id.in_(list(keys))):
        old = signed_record(row)
        if old is None or not pin.proves(old):
            _log.error("a version has no good record", version_id=row.id)
            continue
        members = {**old.members(), "publisher": _publisher(publisher)}
        _keep(row, sign(work, canonical(members)))
    work.session.flush()


def sign_anew(work: Work, pin: Pinned, sign: Sign) -> None:
    """Sign what only revoked keys have signed: records, and documents other than the keys."""
    revoked = pin.of_state(REVOKED)
    for row in _rows(work, RegistryVersion.record.is_not(None)):
        old = signed_record(row)
        if old is not None and not pin.proves(old) and signers(old, revoked):
            _keep(row, sign(work, old.text))
    others = select(SignedDocument).where(SignedDocument.name != KEYS)
    for document in work.session.scalars(others).all():
        signed = SignedText(document.body, read_signatures(document.signatures))
        if not pin.proves(signed) and signers(signed, revoked):
            put_document(work, document.name, signed.members(), lambda text: sign(work, text))
    work.session.flush()


def _rows(work: Work, wanted: Any) -> Iterable[RegistryVersion]:
    statement = select(RegistryVersion).where(wanted).options(undefer(RegistryVersion.record))
    return work.session.scalars(statement).all()


def _publisher(row: Named) -> dict[str, Any]:
    return {"id": row.id, "slug": row.slug, "name": row.name, "verified": row.verified}


def _keep(row: RegistryVersion, signed: SignedText) -> None:
    row.record = signed.text
    row.record_signatures = [dict(one) for one in signature_dicts(signed.signatures)]
