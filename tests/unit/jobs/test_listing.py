"""Lists of jobs: filters, orders and pages, and that each comes from one index."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from geminicrm.app import Core
from geminicrm.identity.actor import PersonActor
from geminicrm.jobs import listing
from geminicrm.jobs.question import Question
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.paging import Page
from tests.support.core import START, Tenant
from tests.support.jobs import EVENTS, put, put_dead


def ask(core: Core, actor: PersonActor, **query: Any) -> list[str]:
    return [one["id"] for one in core.jobs.page(actor, Question.parse(query)).data]


def every_page(core: Core, actor: PersonActor, **query: Any) -> list[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = core.jobs.page(actor, Question.parse({**query, "limit": "2", "cursor": cursor}))
        found += [one["id"] for one in page.data]
        cursor = page.next_cursor
    return found


def test_filters(core: Core, tenant: Tenant, south: Tenant, admin: PersonActor):
    waiting = put(core, tenant.id, 2)
    dead = put_dead(core, tenant.id, kind=EVENTS, target="ins_forge")
    put(core, south.id, 2)
    put(core, "")
    assert ask(core, admin) == [*dead, *waiting[::-1]]
    assert ask(core, admin, state="queued") == waiting
    assert ask(core, admin, state="dead,cancelled") == dead
    assert ask(core, admin, kind=EVENTS) == dead
    assert ask(core, admin, kind=EVENTS, target="ins_mill") == []
    assert ask(core, admin, state="queued", target="ins_mill", kind=EVENTS) == []
    assert ask(core, south.owner(), state="dead") == []


@pytest.mark.parametrize("query", [{}, {"target": "ins_mill"}], ids=["all", "of a target"])
def test_pages_leave_nothing_out(
    core: Core, tenant: Tenant, admin: PersonActor, query: dict[str, str]
):
    waiting = put(core, tenant.id, 5)
    dead = put_dead(core, tenant.id, 3)
    assert every_page(core, admin, state="queued", **query) == waiting
    assert every_page(core, admin, state="dead", **query) == dead[::-1]
    assert every_page(core, admin, **query) == [*dead[::-1], *waiting[::-1]]
    assert every_page(core, admin, state="running,queued", **query) == waiting


def test_what_waits_for_one_target_comes_in_the_order_in_which_it_is_done(
    core: Core, tenant: Tenant, admin: PersonActor
):
    (later,) = put(core, tenant.id, due_at=START + timedelta(minutes=5))
    (soon,) = put(core, tenant.id, due_at=START + timedelta(seconds=1))
    put(core, tenant.id, state="running", due_at=START)
    (now,) = put(core, tenant.id)
    assert every_page(core, admin, state="queued", target="ins_mill") == [now, soon, later]
    assert every_page(core, admin, state="queued") == [later, soon, now]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"state": "asleep"}, "/state"),
        ({"kind": "x" * 81}, "/kind"),
        ({"target": "x" * 81}, "/target"),
        ({"limit": "0"}, "/limit"),
        ({"cursor": "nonsense"}, "/cursor"),
    ],
)
def test_wrong_questions(core: Core, admin: PersonActor, query: dict[str, str], pointer: str):
    with pytest.raises(ValidationFailed) as caught:
        ask(core, admin, **query)
    assert [one.pointer for one in caught.value.findings] == [pointer]


def test_a_cursor_holds_for_its_own_order(core: Core, tenant: Tenant, admin: PersonActor):
    put(core, tenant.id, 2)
    page = core.jobs.page(admin, Question.parse({"limit": "1"}))
    with pytest.raises(ValidationFailed, match="no cursor of this list"):
        ask(core, admin, cursor=page.next_cursor, state="queued")


def test_an_instant_in_a_cursor_has_to_be_one(core: Core, admin: PersonActor):
    made = listing.encode_cursor(("yesterday", "job_1"), "due")
    with pytest.raises(ValidationFailed, match="no cursor of this list"):
        ask(core, admin, cursor=made, state="queued", target="ins_mill")


class Plans:
    """How SQLite goes about the queries for jobs."""

    def __init__(self, core: Core) -> None:
        self.asked: list[tuple[str, Any]] = []
        self._core = core
        event.listen(core.database.engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        self.asked += [(statement, given)] * ("FROM jobs" in statement)

    def text(self) -> str:
        """Explain them all."""
        event.remove(self._core.database.engine, "before_cursor_execute", self._note)
        with self._core.database.engine.connect() as connection:
            found = [
                row[-1]
                for statement, given in self.asked
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            ]
        return "\n".join(found)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"state": "queued"}, "ix_jobs_workspace_id_state_id (workspace_id=? AND state=?)"),
        ({"state": "queued", "target": "t"}, "ix_jobs_due (queue=?)"),
        ({"state": "dead"}, "ix_jobs_workspace_id_state_id (workspace_id=? AND state=?)"),
        (
            {"state": "done,cancelled", "target": "t"},
            "ix_jobs_ended (workspace_id=? AND state=? AND target=?)",
        ),
    ],
    ids=["queued", "queued for one", "failed", "ended for one"],
)
def test_a_list_is_read_from_an_index_and_never_sorted(
    make_core: Any, query: dict[str, str], index: str
):
    core = make_core()
    plans = Plans(core)
    core.jobs.page(Tenant("ws_1", "usr_1", "", "").owner(), Question.parse(query))
    told = plans.text()
    assert index in told
    assert "TEMP B-TREE" not in told


def test_a_page_has_a_size(core: Core, tenant: Tenant, admin: PersonActor):
    put(core, tenant.id, 3)
    assert len(core.jobs.page(admin, Question(page=Page(limit=2))).data) == 2
