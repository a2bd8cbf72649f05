"""Notices that tests raise, and the look at what became of them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select

from geminicrm.app import Core
from geminicrm.kernel.work import Work
from geminicrm.notifications.models import Notification
from geminicrm.notifications.raising import Notice, raise_notice, resolve
from tests.support.core import Tenant


def notice(tenant: Tenant, **changes: Any) -> Notice:
    """Give a notice to the admins of a workspace."""
    said = {
        "workspace_id": tenant.id,
        "kind": "dead_letters",
        "key": "dead_letters:one",
        "severity": "error",
        "title": "1 job was given up: Lead scoring",
        "body": "The last one: no route to host.",
        "link": "/jobs?state=dead",
        **changes,
    }
    return Notice(**said)


def write_across(core: Core, act: Callable[[Work], object]) -> None:
    """Do something as the core itself does it, across workspaces."""
    with core.works.across_workspaces("a test", write=True) as work:
        act(work)


def tell(core: Core, tenant: Tenant, **changes: Any) -> None:
    """Raise a notice in a transaction of its own."""
    write_across(core, lambda work: raise_notice(work, notice(tenant, **changes)))


def mend(core: Core, tenant: Tenant, key: str = "dead_letters:one") -> None:
    """Resolve what is open under a key."""
    write_across(core, lambda work: resolve(work, tenant.id, key))


def notifications(core: Core, tenant: Tenant) -> list[Notification]:
    """Read all notifications of a workspace, the first told first."""
    with core.works.read(tenant.system()) as work:
        return list(work.session.scalars(select(Notification).order_by(Notification.id)))


@contextmanager
def statements(core: Core, word: str) -> Iterator[list[str]]:
    """Give the list of the SQL statements with a word in them that are run meanwhile."""
    seen: list[str] = []

    def note(*given: Any) -> None:
        seen.extend(text for text in given[2:3] if word in text)

    event.listen(core.database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(core.database.engine, "before_cursor_execute", note)
