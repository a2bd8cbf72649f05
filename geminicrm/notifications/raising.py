"""Raising and resolving, for the core's own rooms: inside the transaction of what went wrong."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final, Literal

from sqlalchemy import delete, select, update

from geminicrm.kernel.db import insert_into
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.tenancy import CHECKED
from geminicrm.kernel.texts import storable
from geminicrm.kernel.work import Work
from geminicrm.notifications.models import OPEN, Notification

Severity = Literal["warning", "error"]
KEEP_DAYS: Final = 30
"""How long what was resolved can still be looked up."""
_LONGEST: Final = {"title": 200, "body": 2000}
# What the latest raising says is what counts; `count` goes up, `first_at` stays.
_NEWEST: Final = ("kind", "severity", "title", "body", "link", "last_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What to tell the admins of a workspace.

    `key` names what it is about, at most 200 characters: while it is open, what is raised with the
    same key is the same notification. `link` is the path of the page of ours where it is mended.
    `title` and `body` are cut where they are too long, so that they may quote.
    """

    workspace_id: str
    kind: str
    key: str
    severity: Severity
    title: str
    body: str
    link: str


def raise_notice(work: Work, notice: Notice) -> None:
    """Tell the admins, or count the open notification of that key up; it is unread again.

    The row stays locked until the commit. Whoever raises several in one transaction takes them in
    the order of their keys: two in different orders would wait for each other.
    """
    statement = insert_into(work.session, Notification)
    newest = {name: statement.excluded[name] for name in _NEWEST}
    statement = statement.on_conflict_do_update(
        index_elements=["workspace_id", "key"],
        index_where=OPEN,
        set_={**newest, "count": Notification.count + 1},
    ).execution_options(**{CHECKED: True})
    told = {"id": new_id("ntf"), "count": 1, "first_at": work.now, "last_at": work.now}
    shortened = {name: storable(getattr(notice, name), most) for name, most in _LONGEST.items()}
    work.session.execute(statement, {**asdict(notice), **shortened, **told})


def resolve(work: Work, workspace_id: str, key: str) -> None:
    """Note that it is mended; nothing happens where nothing is open."""
    work.session.execute(
        update(Notification)
        .where(
            Notification.workspace_id == workspace_id,
            Notification.key == key,
            Notification.resolved_at.is_(None),
        )
        .values({Notification.resolved_at: work.now})
        .execution_options(synchronize_session=False)
    )


def open_keys(work: Work, kind: str) -> set[tuple[str, str]]:
    """Name what is open of a kind in all workspaces: workspace and key."""
    query = select(Notification.workspace_id, Notification.key).where(
        Notification.kind == kind, Notification.resolved_at.is_(None)
    )
    return {(workspace_id, key) for workspace_id, key in work.session.execute(query)}


def sweep(work: Work) -> None:
    """Delete what was resolved KEEP_DAYS ago, with who has read it."""
    work.session.execute(
        delete(Notification)
        .where(Notification.resolved_at < work.now - timedelta(days=KEEP_DAYS))
        .execution_options(synchronize_session=False)
    )
