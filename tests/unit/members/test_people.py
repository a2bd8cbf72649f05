"""Members: roles changed, people removed, an owner always left."""

import pytest
from sqlalchemy import select

from geminicrm.identity.models import SignInSession, User
from geminicrm.identity.sign_in import sign_in
from geminicrm.identity.tokens import actor_of_token, create_token
from geminicrm.kernel.errors import Conflict, Forbidden, NotFound, ScopeMissing
from geminicrm.kernel.generation import AUTH
from geminicrm.members.invitations import open_invitations
from geminicrm.members.people import change_role, find_member, members, remove_member
from geminicrm.members.workspaces import switch, workspaces_of
from tests.support.core import PASSWORD, make_tenant
from tests.unit.members.conftest import HERE


@pytest.fixture
def change(core):
    def change(actor, user_id, role):
        with core.works.write(actor) as work:
            return change_role(work, core.generations, user_id, role)

    return change


@pytest.fixture
def remove(core):
    def remove(actor, user_id):
        with core.works.write(actor) as work:
            remove_member(work, core.generations, core.connections.leaving, user_id)

    return remove


def test_a_role_is_changed_and_holds_at_once(core, owner, add, change):
    mary, before = add("mary"), core.generations.get(AUTH)
    assert change(owner, mary.id, "admin").role == "admin"
    assert core.generations.get(AUTH) == before + 1
    with core.works.read(owner) as work:
        assert find_member(work, mary.id).role == "admin"
        assert {one.role for one in members(work)} == {"owner", "admin"}


def test_the_last_owner_stays(owner, add, change, remove):
    with pytest.raises(Conflict, match="last owner"):
        change(owner, owner.id, "admin")
    with pytest.raises(Conflict, match="last owner"):
        remove(owner, owner.id)
    second = add("olaf", "owner")
    change(second, owner.id, "member")
    with pytest.raises(Conflict, match="last owner"):
        change(second, second.id, "member")


def test_an_owner_who_can_not_sign_in_does_not_count(core, owner, add, remove):
    second = add("olaf", "owner")
    with core.works.across_workspaces("block", write=True) as work:
        work.session.get_one(User, second.id).is_active = False
    with pytest.raises(Conflict, match="last owner"):
        remove(owner, owner.id)
    remove(owner, second.id)


def test_nobody_reaches_above_themselves(owner, add, change, remove):
    admin, mary = add("adam", "admin"), add("mary")
    with pytest.raises(Forbidden):
        change(admin, mary.id, "owner")
    with pytest.raises(Forbidden):
        change(admin, owner.id, "member")
    with pytest.raises(Forbidden):
        remove(admin, owner.id)
    with pytest.raises(ScopeMissing):
        change(mary, mary.id, "admin")
    change(admin, mary.id, "admin")


def test_who_is_removed_is_out_at_once(core, owner, add, remove):
    mary = add("mary")
    sign_in(core.works, "mary@north.example", PASSWORD, HERE, days=1)
    with core.works.write(owner) as work:
        token = create_token(work, mary.id, "hers", ["read:leads"])
    remove(owner, mary.id)
    with core.works.across_workspaces("look") as work:
        assert actor_of_token(work, token.secret) is None
        query = select(SignInSession).where(SignInSession.user_id == mary.id)
        assert work.session.scalars(query).all() == []
    with pytest.raises(NotFound):
        remove(owner, mary.id)


def test_members_of_other_workspaces_are_out_of_reach(core, owner, change):
    south = make_tenant(core, "south")
    with pytest.raises(NotFound):
        change(owner, south.owner_id, "member")


def test_invitations_go_with_who_made_them(core, owner, add, ask, change, remove):
    adam, ada = add("adam", "admin"), add("ada", "admin")
    ask("one@new.example", actor=adam, role="admin")
    ask("two@new.example", actor=adam, role="member")
    ask("three@new.example", actor=ada, role="member")
    change(owner, adam.id, "member")
    remove(owner, ada.id)
    with core.works.read(owner) as work:
        assert [row.email for row in open_invitations(work)] == ["two@new.example"]


def test_a_session_changes_its_workspace(core, room, owner, ask, post):
    south = make_tenant(core, "south")
    ask(south.email, role="member")
    room.joining.with_password(post.token(), PASSWORD, HERE)
    credentials = sign_in(core.works, south.email, PASSWORD, HERE, days=1)
    with core.works.across_workspaces("look") as work:
        query = select(SignInSession).order_by(SignInSession.id.desc())
        session = work.session.scalars(query).first()
    person = south.owner()
    person = type(person)(
        "user", person.id, "Olga", south.id, person.scopes, person.id, "owner", session.id
    )
    names = [one.name for one in workspaces_of(core.works, south.owner_id)]
    assert (names, credentials[:4]) == (["North", "South"], "gcs_")
    switch(core.works, core.generations, person, owner.workspace_id)
    with core.works.across_workspaces("look") as work:
        assert work.session.get_one(SignInSession, session.id).workspace_id == owner.workspace_id
    with pytest.raises(NotFound):
        switch(core.works, core.generations, person, make_tenant(core, "west").id)
    with pytest.raises(Forbidden):
        switch(core.works, core.generations, south.owner(), south.id)
