"""The keys that publishers sign with: only the public halves are ever here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict, NotFound, ValidationFailed
from geminicrm.kernel.work import Actor, Works
from marketplace.publishers.access import belonging, owned
from marketplace.publishers.models import PublisherKey
from marketplace.publishers.schemas import name_findings
from marketplace.signing.keys import key_id

_MAX_NAME = 80


@dataclass(frozen=True, kw_only=True)
class KeyView:
    """A key as people see it."""

    id: str
    name: str
    public: str
    added_at: datetime
    added_by: str
    revoked_at: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        revoked = format_instant(self.revoked_at) if self.revoked_at else None
        return {
            "id": self.id,
            "name": self.name,
            "public": self.public,
            "added_at": format_instant(self.added_at),
            "added_by": self.added_by,
            "revoked_at": revoked,
        }


class PublisherKeys:
    """Adds and revokes the keys of publishers."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def list(self, actor: Actor, slug: str) -> list[KeyView]:
        """Give every key, the newest first; for members. NotAMember."""
        with self._works.read(actor) as work:
            row, _ = belonging(work, slug)
            own = select(PublisherKey).where(PublisherKey.publisher_id == row.id)
            rows = work.session.scalars(own.order_by(PublisherKey.added_at.desc(), PublisherKey.id))
            return [_view(each) for each in rows]

    def add(self, actor: Actor, slug: str, name: str, public: str) -> KeyView:
        """Add a public key in base64; for owners.

        NotAMember, KeyInvalid, ValidationFailed; Conflict for a key that somebody has already.
        """
        found = list(name_findings(name, _MAX_NAME))
        if found:
            raise ValidationFailed(found)
        identifier = key_id(public)
        with self._works.write(actor) as work:
            row = owned(work, slug)
            if work.session.get(PublisherKey, identifier) is not None:
                raise Conflict("This key is in use already; make a new one for each publisher.")
            key = PublisherKey(
                id=identifier,
                publisher_id=row.id,
                name=name.strip(),
                public=public,
                added_at=work.now,
                added_by=actor.label,
            )
            work.session.add(key)
            work.audit("publisher.key_added", row.id, {"key": key.id, "name": key.name})
            work.session.flush()
            return _view(key)

    def revoke(self, actor: Actor, slug: str, identifier: str) -> KeyView:
        """Take no more packages signed with a key; what is published stays. For owners.

        NotAMember, NotFound; Conflict for one that is revoked already.
        """
        with self._works.write(actor) as work:
            row = owned(work, slug)
            key = work.session.get(PublisherKey, identifier)
            if key is None or key.publisher_id != row.id:
                raise NotFound("key", identifier)
            if key.revoked_at is not None:
                raise Conflict("This key is revoked already.")
            key.revoked_at = work.now
            work.audit("publisher.key_revoked", row.id, {"key": key.id, "name": key.name})
            return _view(key)


def _view(row: PublisherKey) -> KeyView:
    return KeyView(
        id=row.id,
        name=row.name,
        public=row.public,
        added_at=row.added_at,
        added_by=row.added_by,
        revoked_at=row.revoked_at,
    )
