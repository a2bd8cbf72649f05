"""Who has read what, and which notifications come first."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.identity.people import create_user
from geminicrm.identity.permissions import ROLES
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import NotFound, ScopeMissing, ValidationFailed
from geminicrm.kernel.paging import Page, encode_cursor
from geminicrm.kernel.work import Work
from geminicrm.notifications.service import (
    READERS,
    list_notifications,
    mark_all_read,
    mark_read,
    unread_count,
)
from tests.support.core import PASSWORD, Tenant, make_tenant
from tests.support.notices import mend, statements, tell


@pytest.fixture
def here(both_cores: Core) -> Tenant:
    return make_tenant(both_cores, "north")


def ask(core: Core, tenant: Tenant, act: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """Do something as the owner of a workspace."""
    with core.works.write(tenant.owner()) as work:
        return act(work, tenant.owner_id, *given, **named)


def keys(core: Core, tenant: Tenant, **named: Any) -> list[str]:
    """Name what an owner is shown, by title."""
    return [one["title"] for one in ask(core, tenant, list_notifications, **named).data]


def second_admin(core: Core, tenant: Tenant) -> Tenant:
    """Give another admin of the same workspace."""
    with core.works.across_workspaces("another admin for a test", write=True) as work:
        user = create_user(work, tenant.id, "admin@north.example", "admin", PASSWORD)
        return replace(tenant, owner_id=user.id)


def test_it_is_unread_until_read_and_again_when_it_happens_again(both_cores: Core, here: Tenant):
    assert ask(both_cores, here, unread_count) == 0
    tell(both_cores, here)
    assert ask(both_cores, here, unread_count) == 1
    (one,) = ask(both_cores, here, list_notifications).data
    assert (one["unread"], one["read_at"]) == (True, None)
    read = ask(both_cores, here, mark_read, one["id"])
    assert (read["unread"], read["read_at"]) == (False, "2026-11-21T09:00:00.000000Z")
    assert ask(both_cores, here, unread_count) == 0
    tell(both_cores, here)  # the clock stands still: that it happened decides, not when
    assert ask(both_cores, here, unread_count) == 1
    assert ask(both_cores, here, mark_read, one["id"])["count"] == 2
    assert ask(both_cores, here, mark_all_read) == 0


def test_each_admin_reads_for_himself(both_cores: Core, here: Tenant):
    other = second_admin(both_cores, here)
    tell(both_cores, here)
    tell(both_cores, here, key="another")
    assert ask(both_cores, here, mark_all_read) == 2
    assert ask(both_cores, here, unread_count) == 0
    assert ask(both_cores, other, unread_count) == 2


def test_what_is_mended_is_unread_no_more(both_cores: Core, here: Tenant):
    tell(both_cores, here)
    mend(both_cores, here)
    assert ask(both_cores, here, unread_count) == 0
    (one,) = ask(both_cores, here, list_notifications).data
    assert (one["unread"], one["resolved_at"]) == (False, "2026-11-21T09:00:00.000000Z")
    assert keys(both_cores, here, unread=True) == []


def test_open_ones_come_first_and_the_latest_of_each(
    both_cores: Core, here: Tenant, clock: FixedClock
):
    for title in ("a", "b", "c", "d"):
        tell(both_cores, here, key=title, title=title)
        clock.advance(1)
    mend(both_cores, here, "d")
    mend(both_cores, here, "b")
    tell(both_cores, here, key="a", title="a")
    assert keys(both_cores, here) == ["a", "c", "d", "b"]
    found, cursor = [], None
    for _ in range(4):
        part = ask(both_cores, here, list_notifications, Page(1, cursor))
        found.extend(one["title"] for one in part.data)
        cursor = part.next_cursor
    assert (found, cursor) == (["a", "c", "d", "b"], None)


def test_pages_hold_among_those_of_one_moment(both_cores: Core, here: Tenant):
    for title in "abcde":
        tell(both_cores, here, key=title, title=title)
    first = ask(both_cores, here, list_notifications, Page(2))
    second = ask(both_cores, here, list_notifications, Page(2, first.next_cursor), unread=True)
    assert [one["title"] for one in (*first.data, *second.data)] == ["e", "d", "c", "b"]


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        encode_cursor((1, "x", "y"), "created_at"),
        encode_cursor((1, "yesterday", "y"), "-open,-last_at"),
        encode_cursor((1, None, "y"), "-open,-last_at"),
        encode_cursor((1, "0001-01-01T00:00:00+14:00", "y"), "-open,-last_at"),
        encode_cursor(("1", "2026-11-21T09:00:00Z", "y"), "-open,-last_at"),
    ],
)
def test_a_cursor_made_by_hand_is_refused(both_cores: Core, here: Tenant, cursor: str):
    with pytest.raises(ValidationFailed) as caught:
        ask(both_cores, here, list_notifications, Page(2, cursor))
    assert [one.pointer for one in caught.value.findings] == ["/cursor"]


def test_other_workspaces_see_nothing(both_cores: Core, here: Tenant):
    there = make_tenant(both_cores, "south")
    tell(both_cores, here)
    (one,) = ask(both_cores, here, list_notifications).data
    assert keys(both_cores, there) == []
    assert ask(both_cores, there, unread_count) == 0
    assert ask(both_cores, there, mark_all_read) == 0
    with pytest.raises(NotFound):
        ask(both_cores, there, mark_read, one["id"])


def test_counting_is_one_query(both_cores: Core, here: Tenant):
    with statements(both_cores, "SELECT") as seen:
        ask(both_cores, here, unread_count)
    assert len(seen) == 1


def look(work: Work, user_id: str) -> object:
    return mark_read(work, user_id, "ntf_1")


@pytest.mark.parametrize("act", [list_notifications, unread_count, look, mark_all_read])
@pytest.mark.parametrize("role", ["member", "read-only"])
def test_they_are_for_those_who_can_mend(
    core: Core, tenant: Tenant, act: Callable[[Work, str], object], role: str
):
    actor = tenant.owner(*ROLES[role])
    with core.works.write(actor) as work, pytest.raises(ScopeMissing, match=READERS):
        act(work, tenant.owner_id)


def test_admins_and_owners_may_see_them():
    assert [role for role in ROLES if READERS in ROLES[role]] == ["owner", "admin"]
