"""A package before it is published: checked, kept for an hour, shown as people would see it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from geminicrm.kernel.clock import Clock
from geminicrm.kernel.crypto import Cipher, DecryptionFailed
from geminicrm.kernel.errors import Conflict
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.runtime.install.offers import Signature
from geminicrm.runtime.manifest import Manifest
from marketplace.blobs import Blobs, digest_of
from marketplace.inspection import Inspected, inspect
from marketplace.listings import Listing, Release
from marketplace.models import RegistryExtension
from marketplace.publishers.acting import WORKSPACE, acting_for
from marketplace.publishers.models import PublisherRow
from marketplace.publishers.signatures import checked_signature
from marketplace.publishing import Candidate, describe, published_before
from marketplace.signed_package import join_package, split_package

SECONDS = 3600
Before = Callable[[Actor, str, str], Manifest | None]
"""Gives the manifest of the version before: `Registry.before`."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would be published; `ticket` brings the package back when it is agreed to."""

    found: Inspected
    listing: Listing
    release: Release
    publisher: str
    publisher_slug: str
    private: bool
    ticket: str


class Previews:
    """Checks packages and keeps them for the moment of publishing.

    The package itself waits among the blobs, where nobody finds it; what comes back from the page
    is a ticket, sealed so that nobody can name another package than the one they sent.
    """

    def __init__(self, works: Works, blobs: Blobs, cipher: Cipher, before: Before) -> None:
        self._works = works
        self._blobs = blobs
        self._cipher = cipher
        self._before = before

    def check(self, actor: Actor, package: bytes, publisher: str | None) -> Preview:
        """Check a package as `Registry.publish` does, and store nothing but its bytes.

        Raises what that raises.
        """
        bare, signature = split_package(package)
        found, digest = inspect(bare, partial(self._before, actor)), digest_of(bare)
        with self._works.read(actor) as work:
            row = acting_for(work, publisher, found.manifest.id)
            checked_signature(work, row, digest, signature)
            published_before(work, Candidate(found=found, digest=digest, publisher=row))
            listing = _listing(work, found, row)
            release = _release(work, found, digest, signature)
        self._blobs.put(bare)
        return Preview(
            found=found,
            listing=listing,
            release=release,
            publisher=row.name,
            publisher_slug=row.slug,
            private=row.kind == WORKSPACE,
            ticket=self._seal(actor, digest, signature, row.slug),
        )

    def package(self, actor: Actor, ticket: str) -> tuple[bytes, str]:
        """Give the package of a ticket and the publisher's slug; Conflict where it has ended."""
        try:
            members: dict[str, Any] = orjson.loads(self._cipher.decrypt(ticket))
        except DecryptionFailed:
            raise _ended() from None
        if members["who"] != actor.id or members["until"] < _seconds(self._works.clock):
            raise _ended()
        data = self._blobs.read(members["digest"])
        signature = members["signature"]
        return join_package(data, Signature(*signature)) if signature else data, members["slug"]

    def _seal(self, actor: Actor, digest: str, signature: Signature | None, slug: str) -> str:
        members = {
            "who": actor.id,
            "digest": digest,
            "signature": [signature.key_id, signature.value] if signature else None,
            "slug": slug,
            "until": _seconds(self._works.clock) + SECONDS,
        }
        return self._cipher.encrypt(orjson.dumps(members).decode())


def _seconds(clock: Clock) -> int:
    return int(clock.now().timestamp())


def _ended() -> Conflict:
    return Conflict("The package is not kept any more; upload it again.")


def _listing(work: Work, found: Inspected, publisher: PublisherRow) -> Listing:
    row = RegistryExtension(
        id=found.manifest.id,
        extension_id=found.manifest.id,
        publisher_id=publisher.id,
        publisher=publisher.name,
        verified=publisher.verified,
        built_in=False,
        visibility="public",
        latest_version=found.manifest.version,
        icon_digest=None,
        install_count=0,
        active_count=0,
        rating_count=0,
        rating_sum=0,
        created_at=work.now,
        updated_at=work.now,
    )
    describe(row, found.manifest.source)
    return Listing.of(row)


def _release(work: Work, found: Inspected, digest: str, signature: Signature | None) -> Release:
    return Release(
        extension_id=found.manifest.id,
        version=found.manifest.version,
        digest=digest,
        size=found.size,
        manifest=dict(found.manifest.source),
        code_url=None,
        published_at=work.now,
        published_by=work.actor.label,
        signed_by=signature.key_id if signature else None,
    )
