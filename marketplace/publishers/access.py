"""Who may do what with a publisher."""

from typing import Final

from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.errors import Forbidden
from geminicrm.kernel.work import Work
from marketplace.publishers.acting import MAINTAINER, OWNER, find_publisher, role_of, token_of
from marketplace.publishers.errors import NotAMember, TokenBound
from marketplace.publishers.models import PublisherRow

PUBLISH: Final = "publish:extensions"
OPERATE: Final = "operate:instance"


def person(work: Work) -> str:
    """Give the user who acts; ScopeMissing, TokenBound, or Forbidden for no person."""
    work.require(PUBLISH)
    if token_of(work) is not None:
        raise TokenBound("A publishing token publishes; whoever made it can do the rest.")
    if not isinstance(work.actor, PersonActor):
        raise Forbidden("Publishers belong to people: sign in, or use a person's API token.")
    return work.actor.user_id


def belonging(work: Work, slug: str) -> tuple[PublisherRow, str]:
    """Give a publisher and the actor's role in it; UnknownPublisher, NotAMember."""
    person(work)
    row = find_publisher(work, slug)
    role = role_of(work, row.id)
    if role is None:
        raise NotAMember(f"{work.actor.label} is no member of {slug}.")
    return row, role


def owned(work: Work, slug: str) -> PublisherRow:
    """Give a publisher that the actor owns; UnknownPublisher, NotAMember."""
    row, role = belonging(work, slug)
    if role != OWNER:
        raise NotAMember(f"Only an owner of {slug} may do this; you are a {MAINTAINER}.")
    return row
