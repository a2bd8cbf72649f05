"""Through which workspace a mail to a user goes, and who acts where they prove who they are."""

from sqlalchemy import select

from geminicrm.identity.actor import PersonActor, SystemActor
from geminicrm.identity.models import Membership, User
from geminicrm.kernel.work import Works
from geminicrm.members.doors_needed import Senders


class Homes:
    """Finds, among the workspaces of a user, the first that can send mail, else the first."""

    def __init__(self, works: Works, senders: Senders) -> None:
        self._works = works
        self._senders = senders

    def of(self, user_id: str) -> str | None:
        """Give the workspace; None for somebody who has none."""
        with self._works.across_workspaces("members: where a user belongs") as work:
            query = select(Membership).where(Membership.user_id == user_id).order_by(Membership.id)
            found = [row.workspace_id for row in work.session.scalars(query)]
        able = (one for one in found if self._senders.accounts(SystemActor(one)))
        return next(able, found[0] if found else None)


def acting(user: User, workspace_id: str) -> PersonActor:
    """Give a user who has proved who they are, and may do nothing but what is done for them."""
    return PersonActor("user", user.id, user.name, workspace_id, frozenset(), user.id)
