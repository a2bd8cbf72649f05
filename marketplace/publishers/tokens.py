"""Publishing tokens: for a pipeline that publishes for one publisher, and does nothing else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from geminicrm.identity.models import ApiToken, User
from geminicrm.identity.tokens import DEFAULT_DAYS, NewToken, create_token
from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.errors import Finding, NotFound, ValidationFailed
from geminicrm.kernel.generation import AUTH, Generations
from geminicrm.kernel.work import Actor, Work, Works
from marketplace.models import RegistryExtension
from marketplace.publishers.access import PUBLISH, belonging, person
from marketplace.publishers.acting import OWNER
from marketplace.publishers.models import PublisherRow, PublishingToken
from marketplace.publishers.schemas import name_findings

MOST_DAYS = 365
_MAX_NAME = 80


@dataclass(frozen=True, kw_only=True)
class TokenWish:
    """How a token is to be; `extension_id` None means every extension of the publisher."""

    name: str
    extension_id: str | None = None
    days: int = DEFAULT_DAYS

    def __post_init__(self) -> None:
        found = list(name_findings(self.name, _MAX_NAME))
        if not 1 <= self.days <= MOST_DAYS:
            found.append(Finding("/days", "wrong_days", f"use 1 to {MOST_DAYS} days"))
        if found:
            raise ValidationFailed(found)


@dataclass(frozen=True, kw_only=True)
class TokenView:
    """A token as members see it; its secret is not kept."""

    id: str
    name: str
    extension_id: str | None
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "id": self.id,
            "name": self.name,
            "extension_id": self.extension_id,
            "made_by": self.made_by,
            "created_at": format_instant(self.created_at),
            "expires_at": format_instant(self.expires_at) if self.expires_at else None,
            "revoked_at": format_instant(self.revoked_at) if self.revoked_at else None,
        }


class PublishingTokens:
    """Makes and revokes publishing tokens."""

    def __init__(self, works: Works, generations: Generations) -> None:
        self._works = works
        self._generations = generations

    def list(self, actor: Actor, slug: str) -> list[TokenView]:
        """Give the tokens of a publisher, the newest first; for members. NotAMember."""
        # Members may have made theirs in another workspace.
        with self._works.read(actor) as work:
            row, _ = belonging(work, slug)
        with self._works.across_workspaces("list publishing tokens") as work:
            statement = (
                select(PublishingToken, ApiToken, User.name)
                .join(ApiToken, ApiToken.id == PublishingToken.token_id)
                .join(User, User.id == ApiToken.user_id)
                .where(PublishingToken.publisher_id == row.id)
                .order_by(ApiToken.created_at.desc(), ApiToken.id.desc())
            )
            return [_view(*each) for each in work.session.execute(statement)]

    def create(self, actor: Actor, slug: str, wish: TokenWish) -> NewToken:
        """Make a token that publishes for this publisher; for members. Its secret is given once.

        NotAMember; ValidationFailed for an extension that is not the publisher's.
        """
        with self._works.write(actor) as work:
            row, _ = belonging(work, slug)
            _own(work, row, wish.extension_id)
            token = create_token(work, person(work), wish.name.strip(), [PUBLISH], wish.days)
            work.session.flush()
            work.session.add(
                PublishingToken(
                    token_id=token.id, publisher_id=row.id, extension_id=wish.extension_id
                )
            )
            changes = {"token": token.id, "extension": wish.extension_id}
            work.audit("publisher.token_created", row.id, changes)
            return token

    def revoke(self, actor: Actor, slug: str, token_id: str) -> None:
        """End a token; owners any, maintainers their own. NotAMember, NotFound."""
        with self._works.read(actor) as work:
            row, role = belonging(work, slug)
            user_id = person(work)
        with self._works.across_workspaces("revoke a publishing token", write=True) as work:
            bound = work.session.get(PublishingToken, token_id)
            token = work.session.get(ApiToken, token_id)
            if bound is None or token is None or bound.publisher_id != row.id:
                raise NotFound("token", token_id)
            if role != OWNER and token.user_id != user_id:
                raise NotFound("token", token_id)
            token.revoked_at = token.revoked_at or work.now
            self._generations.bump(work, AUTH)
            changes = {"token": token_id, "by": actor.label}
            work.audit("publisher.token_revoked", row.id, changes, actor.workspace_id)


def _own(work: Work, row: PublisherRow, extension_id: str | None) -> None:
    if extension_id is None:
        return
    extension = work.session.get(RegistryExtension, extension_id)
    if extension is not None and extension.publisher_id != row.id:
        message = f"{extension_id} belongs to {extension.publisher}."
        raise ValidationFailed([Finding("/extension_id", "not_yours", message)])


def _view(bound: PublishingToken, token: ApiToken, made_by: str) -> TokenView:
    return TokenView(
        id=token.id,
        name=token.name,
        extension_id=bound.extension_id,
        made_by=made_by,
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
    )
