"""The workspaces of one user, and which of them a session shows."""

from dataclasses import dataclass

from sqlalchemy import select

from geminicrm.identity.actor import PersonActor
from geminicrm.identity.models import Membership, SignInSession, Workspace
from geminicrm.kernel.errors import Forbidden, NotFound
from geminicrm.kernel.generation import AUTH, Generations
from geminicrm.kernel.work import Works


@dataclass(frozen=True, slots=True)
class Own:
    """A workspace that somebody belongs to."""

    id: str
    name: str
    role: str


def workspaces_of(works: Works, user_id: str) -> list[Own]:
    """List them by name."""
    with works.across_workspaces("members: the workspaces of a user") as work:
        rows = work.session.execute(
            select(Workspace.id, Workspace.name, Membership.role)
            .join(Membership, Membership.workspace_id == Workspace.id)
            .where(Membership.user_id == user_id)
            .order_by(Workspace.name, Workspace.id)
        )
        return [Own(*row) for row in rows]


def switch(works: Works, generations: Generations, actor: PersonActor, workspace_id: str) -> None:
    """Have a session show another workspace of the user. Raises NotFound, Forbidden for a token."""
    if actor.session_id is None:
        raise Forbidden("Only a browser that is signed in can change its workspace.")
    if workspace_id not in {one.id for one in workspaces_of(works, actor.user_id)}:
        raise NotFound("workspace", workspace_id)
    with works.across_workspaces("members: switch a session", write=True) as work:
        session = work.session.get(SignInSession, actor.session_id)
        if session is None or session.user_id != actor.user_id:
            raise Forbidden("This session has ended: sign in again.")
        session.workspace_id = workspace_id
        work.audit("session.switched", actor.user_id, {"was": actor.workspace_id}, workspace_id)
        generations.bump(work, AUTH)
