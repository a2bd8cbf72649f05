"""For which publisher somebody acts, and whose key a signature is."""

from typing import Final

from sqlalchemy import select

from geminicrm.identity.actor import PersonActor
from geminicrm.identity.models import Workspace
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.work import Work
from marketplace.publishers.errors import NotAMember, TokenBound, UnknownPublisher
from marketplace.publishers.models import (
    PublisherMember,
    PublisherRow,
    PublishingToken,
)

CORE_ID: Final = "core"
CORE, WORKSPACE, PERSON, ORGANISATION = "core", "workspace", "person", "organisation"
OPEN_KINDS: Final = (PERSON, ORGANISATION)
OWNER, MAINTAINER = "owner", "maintainer"
ROLES: Final = (OWNER, MAINTAINER)


def acting_for(work: Work, named: str | None, extension_id: str) -> PublisherRow:
    """Say for whom a package is published.

    It is the token's publisher, the one that is named, the person's only one, or the workspace's
    own. NotAMember, TokenBound, UnknownPublisher; ValidationFailed where a person has several.
    """
    bound = token_of(work)
    if bound is not None:
        return _of_token(work, bound, named, extension_id)
    if named is not None:
        return _named(work, named)
    own = publishers_of(work, _user(work))
    if len(own) > 1:
        slugs = ", ".join(row.slug for row in own)
        message = f"You publish for several: name one of {slugs}."
        raise ValidationFailed([Finding("/publisher", "which_publisher", message)])
    return own[0] if own else own_of_workspace(work)


def token_of(work: Work) -> PublishingToken | None:
    """Give what binds the actor, where it is a publishing token."""
    if work.actor.kind != "token":
        return None
    return work.session.get(PublishingToken, work.actor.id)


def publishers_of(work: Work, user_id: str | None) -> list[PublisherRow]:
    """Give the publishers that a user is a member of, by name."""
    statement = (
        select(PublisherRow)
        .join(PublisherMember, PublisherMember.publisher_id == PublisherRow.id)
        .where(PublisherMember.user_id == user_id)
        .order_by(PublisherRow.name, PublisherRow.id)
    )
    return list(work.session.scalars(statement))


def own_of_workspace(work: Work) -> PublisherRow:
    """Give the workspace's own publisher; where it has none yet, one that is not stored yet.

    Whoever keeps something for it adds the row: reading makes none.
    """
    row = work.session.get(PublisherRow, work.workspace_id)
    if row is not None:
        return row
    workspace = work.session.get_one(Workspace, work.workspace_id)
    return PublisherRow(
        id=workspace.id,
        slug=workspace.id.replace("_", "-"),
        name=workspace.name,
        kind=WORKSPACE,
        verified=False,
        workspace_id=workspace.id,
        created_at=work.now,
    )


def core_publisher(work: Work) -> PublisherRow:
    """Give the core's own publisher, as `own_of_workspace` does."""
    row = work.session.get(PublisherRow, CORE_ID)
    return row or PublisherRow(
        id=CORE_ID,
        slug=CORE_ID,
        name="GeminiCRM Pro",
        kind=CORE,
        verified=True,
        created_at=work.now,
    )


def find_publisher(work: Work, slug: str) -> PublisherRow:
    """Find a publisher that signed up, by its short name; UnknownPublisher."""
    row = work.session.scalar(
        select(PublisherRow).where(PublisherRow.slug == slug, PublisherRow.kind.in_(OPEN_KINDS))
    )
    if row is None:
        raise UnknownPublisher(slug)
    return row


def role_of(work: Work, publisher_id: str) -> str | None:
    """Give the actor's role in a publisher: owner, maintainer or None."""
    user_id = _user(work)
    member = user_id and work.session.get(PublisherMember, (publisher_id, user_id))
    return member.role if member else None


def _of_token(
    work: Work, bound: PublishingToken, named: str | None, extension_id: str
) -> PublisherRow:
    row = work.session.get_one(PublisherRow, bound.publisher_id)
    if named not in {None, row.slug}:
        raise TokenBound(f"This token publishes for {row.slug} only, not for {named}.")
    if bound.extension_id not in {None, extension_id}:
        raise TokenBound(f"This token publishes {bound.extension_id} only, not {extension_id}.")
    if role_of(work, row.id) is None:  # whoever made it has left the publisher since
        raise NotAMember(f"Who made this token is no member of {row.slug} any more.")
    return row


def _named(work: Work, slug: str) -> PublisherRow:
    own = own_of_workspace(work)
    if slug == own.slug:
        return own
    row = find_publisher(work, slug)
    if role_of(work, row.id) is None and work.actor.kind != "system":
        raise NotAMember(f"{work.actor.label} is no member of {slug}.")
    return row


def _user(work: Work) -> str | None:
    return work.actor.user_id if isinstance(work.actor, PersonActor) else None
