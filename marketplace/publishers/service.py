"""Publishers: signing up, who belongs to them, what they sign and publish with."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Conflict, ValidationFailed
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Work, Works
from marketplace.models import RegistryExtension
from marketplace.publishers.access import OPERATE, owned, person
from marketplace.publishers.acting import (
    OPEN_KINDS,
    OWNER,
    find_publisher,
    publishers_of,
    role_of,
)
from marketplace.publishers.errors import SlugTaken
from marketplace.publishers.keys import PublisherKeys
from marketplace.publishers.members import PublisherMembers
from marketplace.publishers.models import PublisherMember, PublisherRow
from marketplace.publishers.operating import PublisherOperations
from marketplace.publishers.schemas import Profile, homepage_findings, name_findings
from marketplace.publishers.tokens import PublishingTokens
from marketplace.records import renew_publisher
from marketplace.signing.registry_keys import RegistryKeys

MOST_PUBLISHERS = 10


@dataclass(frozen=True, kw_only=True)
class PublisherView:
    """A publisher as people see it; `role` is the actor's own in it, None for a stranger."""

    id: str
    slug: str
    name: str
    kind: str
    verified: bool
    homepage: str | None
    created_at: datetime
    role: str | None
    extensions: int

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "id": self.id,
            "slug": self.slug,
            "name": self.name,
            "kind": self.kind,
            "verified": self.verified,
            "homepage": self.homepage,
            "created_at": format_instant(self.created_at),
            "role": self.role,
            "extensions": self.extensions,
        }


class Publishers:
    """Those who publish in the embedded registry."""

    def __init__(self, works: Works, generations: Generations, registry_keys: RegistryKeys) -> None:
        self._works = works
        self._registry_keys = registry_keys
        self.keys = PublisherKeys(works)
        self.members = PublisherMembers(works)
        self.tokens = PublishingTokens(works, generations)
        self.operations = PublisherOperations(works, registry_keys)

    def sign_up(self, actor: Actor, profile: Profile) -> PublisherView:
        """Make a publisher whose owner is the actor.

        ScopeMissing, TokenBound, SlugTaken; Conflict for more than a person may have.
        """
        with self._works.write(actor) as work:
            user_id = person(work)
            if len(publishers_of(work, user_id)) >= MOST_PUBLISHERS:
                raise Conflict(f"Nobody may belong to more than {MOST_PUBLISHERS} publishers.")
            row = PublisherRow(
                id=new_id("pub"),
                slug=profile.slug,
                name=profile.name.strip(),
                kind=profile.kind,
                verified=False,
                homepage=profile.homepage or None,
                created_at=work.now,
            )
            _add(work, row)
            work.session.add(
                PublisherMember(publisher_id=row.id, user_id=user_id, role=OWNER, added_at=work.now)
            )
            work.audit("publisher.created", row.id, {"slug": row.slug, "kind": row.kind})
            work.session.flush()
            return _view(work, row)

    def mine(self, actor: Actor) -> list[PublisherView]:
        """List the publishers that the actor belongs to, by name."""
        user_id = actor.user_id if isinstance(actor, PersonActor) else None
        with self._works.read(actor) as work:
            return [_view(work, row) for row in publishers_of(work, user_id)]

    def every(self, actor: Actor) -> list[PublisherView]:
        """List all who signed up, by name; ScopeMissing: for operators."""
        with self._works.read(actor) as work:
            work.require(OPERATE)
            statement = select(PublisherRow).where(PublisherRow.kind.in_(OPEN_KINDS))
            rows = work.session.scalars(statement.order_by(PublisherRow.name, PublisherRow.id))
            return [_view(work, row) for row in rows]

    def get(self, actor: Actor, slug: str) -> PublisherView:
        """Give one publisher; UnknownPublisher."""
        with self._works.read(actor) as work:
            return _view(work, find_publisher(work, slug))

    def change(self, actor: Actor, slug: str, name: str, homepage: str | None) -> PublisherView:
        """Change how it presents itself; for owners. ValidationFailed, NotAMember."""
        found = [*name_findings(name), *homepage_findings(homepage)]
        if found:
            raise ValidationFailed(found)
        self._registry_keys.ensure()
        with self._works.write(actor) as work:
            row = owned(work, slug)
            row.name, row.homepage = name.strip(), homepage or None
            self._tell_extensions(work, row)
            work.audit("publisher.changed", row.id, {"name": row.name, "homepage": row.homepage})
            return _view(work, row)

    def _tell_extensions(self, work: Work, row: PublisherRow) -> None:
        own = select(RegistryExtension).where(RegistryExtension.publisher_id == row.id)
        extensions = work.session.scalars(own).all()
        for extension in extensions:
            extension.publisher = row.name
        keys, pin = [one.id for one in extensions], self._registry_keys.believed(work)
        renew_publisher(work, keys, row, pin, self._registry_keys.sign)


def _add(work: Work, row: PublisherRow) -> None:
    taken = select(PublisherRow.id).where(PublisherRow.slug == row.slug)
    try:
        if work.session.scalar(taken) is None:
            work.session.add(row)
            work.session.flush()
            return
    except IntegrityError as error:
        raise _taken(row.slug) from error
    raise _taken(row.slug)


def _taken(slug: str) -> SlugTaken:
    return SlugTaken(f"There is a publisher {slug!r} already; choose another short name.")


def _view(work: Work, row: PublisherRow) -> PublisherView:
    own = select(func.count()).where(RegistryExtension.publisher_id == row.id)
    return PublisherView(
        id=row.id,
        slug=row.slug,
        name=row.name,
        kind=row.kind,
        verified=row.verified,
        homepage=row.homepage,
        created_at=row.created_at,
        role=role_of(work, row.id),
        extensions=work.session.scalar(own) or 0,
    )
