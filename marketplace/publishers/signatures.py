"""Whether the signature in a package is by a key of whoever publishes it."""

from typing import Any

from geminicrm.kernel.work import Work
from geminicrm.runtime.install.offers import Signature
from marketplace.publishers.acting import WORKSPACE
from marketplace.publishers.errors import SignatureRefused
from marketplace.publishers.models import PublisherKey, PublisherRow
from marketplace.signing.envelope import package_signed


def checked_signature(
    work: Work, publisher: PublisherRow, digest: str, signature: Signature | None
) -> dict[str, Any] | None:
    """Give a signature as it is kept, with the public key; None for an unsigned package.

    SignatureRefused unless it is over this digest by a key of the publisher that is not revoked.
    A workspace that brings in a file of others has no keys: there the signature proves nothing,
    and the package counts as unsigned.
    """
    if signature is None or publisher.kind == WORKSPACE:
        return None
    short = signature.key_id[:16]
    key = work.session.get(PublisherKey, signature.key_id)
    if key is None or key.publisher_id != publisher.id:
        raise SignatureRefused(
            f"The package is signed with the key {short}, which is not one of {publisher.slug}. "
            "Add the public key to the publisher, or sign the package with another one."
        )
    if key.revoked_at is not None:
        raise SignatureRefused(f"The key {short} is revoked; sign the package with another one.")
    if not package_signed(digest, signature, key.public):
        raise SignatureRefused(
            f"The signature by the key {short} is over other bytes; sign this package again."
        )
    return {"key_id": key.id, "public": key.public, "value": signature.value}
