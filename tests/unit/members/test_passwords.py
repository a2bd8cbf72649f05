"""Passwords that were forgotten or are changed, and addresses that change."""

import pytest
from sqlalchemy import func, select

from geminicrm.identity.actor import PersonActor
from geminicrm.identity.models import SignInSession, User
from geminicrm.identity.sign_in import sign_in
from geminicrm.kernel.errors import (
    Conflict,
    Gone,
    NotFound,
    TooManyRequests,
    ValidationFailed,
)
from geminicrm.kernel.jobs.models import Job
from geminicrm.members.passwords import ASKED_BY_ADDRESS, ASKED_FOR_ACCOUNT
from geminicrm.members.tokens import UnknownLink
from tests.support.core import PASSWORD, make_tenant
from tests.unit.members.conftest import HERE

OTHER = "another horse battery"


def user_of(core, tenant):
    with core.works.across_workspaces("look") as work:
        return work.session.get_one(User, tenant.owner_id)


def sessions(core):
    with core.works.across_workspaces("look") as work:
        return list(work.session.scalars(select(SignInSession.id)))


def jobs(core):
    with core.works.across_workspaces("look") as work:
        return work.session.scalar(select(func.count()).select_from(Job))


def test_a_forgotten_password_is_set_by_a_mailed_link(core, tenant, room, post):
    sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)
    room.passwords.ask(f" {tenant.email.upper()}", HERE)
    token = post.token()
    assert room.passwords.look(token) == tenant.email
    room.passwords.reset(token, OTHER)
    assert sessions(core) == []
    assert [mail.subject for mail in post.work()] == [
        "Set a new password",
        "Your password was changed",
    ]
    assert sign_in(core.works, tenant.email, OTHER, HERE, days=1)
    with pytest.raises(Gone, match="was used"):
        room.passwords.reset(token, PASSWORD)


def test_an_unknown_address_is_answered_alike_and_gets_nothing(core, tenant, room, post):
    room.passwords.ask("nobody@north.example", HERE)
    unknown = jobs(core)
    room.passwords.ask(tenant.email, HERE)
    assert (unknown, jobs(core)) == (1, 2)
    assert [mail.to[0].email for mail in post.work()] == [tenant.email]


def test_a_job_that_is_done_twice_writes_one_mail(core, tenant, room, post):
    room.passwords.ask(tenant.email, HERE)
    with core.works.across_workspaces("look") as work:
        job = work.session.scalars(select(Job)).one()
    post.work()
    assert not room.passwords.mail_link(f"acl_{job.id.partition('_')[2]}", job.payload["sealed"])
    assert len(post.work()) == 1


def test_requests_are_throttled_by_account_in_silence_and_by_address(core, tenant, room):
    for _ in range(ASKED_BY_ADDRESS):
        room.passwords.ask(tenant.email, HERE)
    assert jobs(core) == ASKED_FOR_ACCOUNT
    with pytest.raises(TooManyRequests):
        room.passwords.ask("else@north.example", HERE)


def test_a_link_for_a_password_ends_after_an_hour(tenant, room, post, clock):
    room.passwords.ask(tenant.email, HERE)
    token = post.token()
    clock.advance(3600)
    with pytest.raises(Gone, match="has expired"):
        room.passwords.reset(token, OTHER)


def test_only_the_latest_link_holds(tenant, room, post):
    room.passwords.ask(tenant.email, HERE)
    first = post.token()
    room.passwords.ask(tenant.email, HERE)
    with pytest.raises(Gone):
        room.passwords.look([first, post.token()][0])
    assert room.passwords.look(post.token()) == tenant.email


def test_a_short_password_leaves_the_link_as_it_is(tenant, room, post):
    room.passwords.ask(tenant.email, HERE)
    token = post.token()
    with pytest.raises(ValidationFailed):
        room.passwords.reset(token, "short")
    assert room.passwords.look(token) == tenant.email


def test_an_operator_makes_a_link(core, tenant, room, post):
    link = room.passwords.link_for(tenant.email)
    room.passwords.reset(link.rpartition("/")[2], OTHER)
    assert [mail.subject for mail in post.work()] == ["Your password was changed"]
    with pytest.raises(NotFound):
        room.passwords.link_for("nobody@north.example")


def test_an_inactive_user_gets_no_link_and_can_use_none(core, tenant, room, post):
    link = room.passwords.link_for(tenant.email)
    with core.works.across_workspaces("block", write=True) as work:
        work.session.get_one(User, tenant.owner_id).is_active = False
    room.passwords.ask(tenant.email, HERE)
    assert post.work() == []
    with pytest.raises(UnknownLink):
        room.passwords.reset(link.rpartition("/")[2], OTHER)


@pytest.fixture
def person(core, tenant):
    """The owner at a browser."""
    sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)
    (session_id,) = sessions(core)
    one = tenant.owner()
    return PersonActor("user", one.id, "Olga", tenant.id, one.scopes, one.id, "owner", session_id)


def test_the_own_password_is_changed_and_other_browsers_end(core, tenant, room, post, person):
    sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)
    with pytest.raises(ValidationFailed, match="present password"):
        room.passwords.change(person, "wrong", OTHER, HERE)
    room.passwords.change(person, PASSWORD, OTHER, HERE)
    assert sessions(core) == [person.session_id]
    assert [mail.subject for mail in post.work()] == ["Your password was changed"]
    assert sign_in(core.works, tenant.email, OTHER, HERE, days=1)


def test_a_new_address_counts_once_it_is_confirmed(core, tenant, room, post, person):
    reset = room.passwords.link_for(tenant.email).rpartition("/")[2]
    with pytest.raises(ValidationFailed, match="not your password"):
        room.addresses.ask(person, "olga@new.example", "wrong", HERE)
    room.addresses.ask(person, " Olga@New.example", PASSWORD, HERE)
    token = post.token()
    assert user_of(core, tenant).email == tenant.email
    told = {mail.to[0].email: mail.subject for mail in post.mails}
    assert told == {
        "olga@new.example": "Confirm your e-mail address",
        tenant.email: "Somebody asked to change your e-mail address",
    }
    assert room.addresses.look(token) == "olga@new.example"
    assert room.addresses.confirm(token) == "olga@new.example"
    user = user_of(core, tenant)
    assert (user.email, user.email_verified_at is not None) == ("olga@new.example", True)
    assert post.work()[-1].subject == "Your e-mail address was changed"
    assert post.work()[-1].to[0].email == tenant.email
    with pytest.raises(Gone):
        room.addresses.confirm(token)
    with pytest.raises(Gone):
        room.passwords.look(reset)


def test_the_address_of_somebody_else_gets_no_link(core, tenant, room, post, person):
    south = make_tenant(core, "south")
    room.addresses.ask(person, south.email, PASSWORD, HERE)
    assert [mail.to[0].email for mail in post.work()] == [tenant.email]


def test_an_address_that_was_taken_meanwhile_does_not_count(core, tenant, room, post, person):
    room.addresses.ask(person, "owner@south.example", PASSWORD, HERE)
    token = post.token()
    make_tenant(core, "south")
    with pytest.raises(Gone, match="can't be used"):
        room.addresses.confirm(token)


def test_the_present_address_is_confirmed(core, tenant, room, post, person):
    room.addresses.verify_present(person)
    assert room.addresses.confirm(post.token()) == tenant.email
    assert len(post.work()) == 1
    with pytest.raises(Conflict):
        room.addresses.verify_present(person)


def test_what_is_no_address_is_told(room, person):
    with pytest.raises(ValidationFailed) as caught:
        room.addresses.ask(person, "nobody", PASSWORD, HERE)
    assert [one.pointer for one in caught.value.findings] == ["/email"]
