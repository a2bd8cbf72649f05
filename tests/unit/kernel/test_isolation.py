"""Workspace isolation, on both engines: what a unit of work can't see, change or store."""

import pytest
from sqlalchemy import bindparam, delete, insert, join, select, text, update
from sqlalchemy.orm import aliased

from geminicrm.identity.models import ApiToken, Membership, User, Workspace
from geminicrm.kernel.errors import NotFound, ScopeMissing
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.tenancy import CHECKED, IsolationBroken
from tests.support.core import make_tenant


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def north(core):
    return make_tenant(core, "north")


@pytest.fixture
def south(core):
    return make_tenant(core, "south")


def test_a_select_sees_one_workspace(core, north, south):
    with core.works.read(north.system()) as work:
        assert [row.user_id for row in work.session.scalars(select(ApiToken))] == [north.owner_id]
        other = aliased(ApiToken)
        ids = work.session.scalars(select(other.workspace_id)).all()
        assert ids == [north.id]
        nested = select(ApiToken.user_id).where(ApiToken.id.in_(select(ApiToken.id)))
        assert work.session.scalars(nested).all() == [north.owner_id]
        joined = select(User.id).join(Membership, Membership.user_id == User.id)
        assert work.session.scalars(joined).all() == [north.owner_id]


def test_another_workspaces_row_is_not_found_by_its_id(core, north, south):
    with core.works.read(south.system()) as work:
        foreign = work.session.scalar(select(ApiToken.id))
    with core.works.read(north.system()) as work, pytest.raises(NotFound):
        work.get(ApiToken, foreign)


def test_updates_and_deletes_stay_at_home(core, north, south):
    with core.works.write(north.system()) as work:
        work.session.execute(update(ApiToken).values(name="changed"))
        work.session.execute(delete(Membership))
    with core.works.across_workspaces("look at both") as work:
        names = dict(work.session.execute(select(ApiToken.workspace_id, ApiToken.name)).all())
        assert names == {north.id: "changed", south.id: "test"}
        assert work.session.scalars(select(Membership.workspace_id)).all() == [south.id]


@pytest.mark.parametrize(
    "statement",
    [
        select(ApiToken.__table__.c.id),
        select(ApiToken).join(
            Membership.__table__, Membership.__table__.c.user_id == ApiToken.user_id
        ),
        select(ApiToken.id).select_from(Membership.__table__),
        select(ApiToken.id).select_from(Membership.__table__.alias("m")),
        select(User).select_from(
            join(User.__table__, Membership.__table__, Membership.__table__.c.user_id == User.id)
        ),
        select(ApiToken).where(ApiToken.id.in_(select(ApiToken.__table__.c.id))),
        select(ApiToken).where(Membership.__table__.c.role == "owner"),
        insert(ApiToken).values(id="x"),
        update(ApiToken.__table__).values(name="x"),
        text("SELECT * FROM api_tokens"),
        select(ApiToken).from_statement(text("SELECT * FROM api_tokens")),
    ],
    ids=[
        "core select",
        "raw join",
        "raw from",
        "raw alias",
        "core join",
        "core subquery",
        "raw column",
        "orm insert",
        "core update",
        "text",
        "from text",
    ],
)
def test_statements_that_pass_the_filter_are_refused(core, north, statement):
    with core.works.read(north.system()) as work, pytest.raises(IsolationBroken):
        work.session.execute(statement)


def test_tables_without_workspace_may_be_read_by_core_statements(core, north):
    with core.works.read(north.system()) as work:
        assert work.session.execute(select(Workspace.__table__.c.id)).all() == [(north.id,)]


def test_a_row_of_another_workspace_is_not_stored(core, north, south):
    row = Membership(id=new_id("mem"), workspace_id=south.id, user_id=north.owner_id, role="owner")
    with pytest.raises(IsolationBroken), core.works.write(north.system()) as work:
        work.session.add(row)


def test_a_row_without_workspace_gets_the_one_of_its_unit(core, north, south):
    with core.works.write(north.system()) as work:
        work.session.add(Membership(id=new_id("mem"), user_id=south.owner_id, role="member"))
    with core.works.read(north.system()) as work:
        assert len(work.session.scalars(select(Membership)).all()) == 2


def test_a_prepared_statement_runs_for_its_own_workspace_only(core, north, south):
    prepared = (
        select(ApiToken.user_id)
        .where(ApiToken.workspace_id == bindparam("workspace_id"))
        .execution_options(**{CHECKED: True})
    )
    with core.works.read(north.system()) as work:
        found = work.session.execute(prepared, {"workspace_id": north.id}).scalars().all()
        assert found == [north.owner_id]
        with pytest.raises(IsolationBroken):
            work.session.execute(prepared, {"workspace_id": south.id})
        with pytest.raises(IsolationBroken):
            work.session.execute(prepared)


def test_a_missing_scope_is_named(core, north):
    with core.works.read(north.owner("read:leads")) as work:
        work.require("read:leads")
        with pytest.raises(ScopeMissing) as caught:
            work.require("write:leads")
    assert caught.value.scope == "write:leads"
    assert 'scope="write:leads"' in caught.value.headers["WWW-Authenticate"]
