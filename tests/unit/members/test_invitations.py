"""Invitations: made, sent again, taken back, accepted once."""

import pytest
from sqlalchemy import select

from geminicrm.identity.models import Membership, User
from geminicrm.identity.sign_in import actor_of_session
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.errors import Conflict, Forbidden, Gone, ScopeMissing, ValidationFailed
from geminicrm.members.invitations import LASTS, open_invitations, resend, revoke
from geminicrm.members.tokens import UnknownLink
from tests.support.core import PASSWORD, make_tenant
from tests.unit.members.conftest import HERE, NEW


def actor_of(core, secret):
    with core.works.across_workspaces("look") as work:
        return actor_of_session(work, secret)[0]


def open_ones(core, owner):
    with core.works.read(owner) as work:
        return [row.email for row in open_invitations(work)]


def test_somebody_new_joins_and_is_signed_in(core, room, owner, ask, post):
    ask(first_name="Grace", role="admin")
    token = post.token()
    shown = room.joining.look(token)
    assert (shown.workspace, shown.email, shown.role, shown.user_id) == (
        "North",
        NEW,
        "admin",
        None,
    )
    actor = actor_of(core, room.joining.as_new(token, " Grace  Hopper ", PASSWORD, HERE))
    assert (actor.label, actor.role, actor.workspace_id) == (
        "Grace Hopper",
        "admin",
        owner.workspace_id,
    )
    assert [mail.subject for mail in post.work()][1:] == ["Welcome to North"]
    assert open_ones(core, owner) == []
    with core.works.across_workspaces("look") as work:
        user = work.session.get_one(User, actor.user_id)
        assert user.email_verified_at is not None
        assert not user.is_operator
        done = set(work.session.scalars(select(AuditEntry.action)))
    assert {"invitation.created", "invitation.accepted", "member.joined", "user.created"} <= done


def test_the_mail_names_who_invites_and_has_the_link_in_both_forms(ask, post):
    ask(first_name="<b>Grace</b>")
    (mail,) = post.work()
    token = post.token()
    assert (mail.to[0].email, mail.subject) == (NEW, "Owner invites you to North")
    assert f"http://127.0.0.1:8000/accept-invitation/{token}" in mail.text
    assert f'href="http://127.0.0.1:8000/accept-invitation/{token}"' in mail.html
    assert "&lt;b&gt;Grace" in mail.html
    assert "secret_link" not in mail.text + mail.html


def test_a_link_works_once(room, ask, post):
    ask()
    token = post.token()
    room.joining.as_new(token, "Grace", PASSWORD, HERE)
    with pytest.raises(Gone, match="was used already"):
        room.joining.as_new(token, "Grace", PASSWORD, HERE)


def test_a_link_ends_after_seven_days(room, ask, post, clock):
    ask()
    token = post.token()
    clock.advance(LASTS.total_seconds())
    with pytest.raises(Gone, match="has expired"):
        room.joining.look(token)
    ask()  # the old one does not stand in the way


def test_sent_again_only_the_new_link_holds(core, room, owner, ask, post):
    row = ask()
    old = post.token()
    with core.works.write(owner) as work:
        resend(work, room.mails, row.id)
    new = post.token()
    with pytest.raises(UnknownLink):
        room.joining.look(old)
    assert room.joining.look(new).email == NEW


def test_taken_back_it_holds_no_more_and_is_not_mailed(core, room, owner, ask, post):
    row = ask()
    with core.works.write(owner) as work:
        revoke(work, row.id)
    assert post.work() == []
    with core.works.write(owner) as work, pytest.raises(Conflict):
        revoke(work, row.id)


def test_taken_back_after_it_was_mailed(core, room, owner, ask, post):
    row = ask()
    token = post.token()
    with core.works.write(owner) as work:
        revoke(work, row.id)
    with pytest.raises(Gone, match="was taken back"):
        room.joining.look(token)


def test_an_unknown_link_is_told_without_repeating_it(room):
    with pytest.raises(UnknownLink) as caught:
        room.joining.look("gci_unknown")
    assert "gci_" not in caught.value.detail


def test_nobody_is_invited_twice_or_as_a_member(core, tenant, ask):
    ask()
    with pytest.raises(Conflict, match="invited already"):
        ask(NEW.upper())
    with pytest.raises(Conflict, match="member already"):
        ask(tenant.email)


def test_who_has_an_account_elsewhere_is_invited_like_anybody(core, room, ask, post):
    south = make_tenant(core, "south")
    ask(south.email)
    token = post.token()
    with pytest.raises(Conflict, match="has an account"):
        room.joining.as_new(token, "Somebody", PASSWORD, HERE)
    with pytest.raises(ValidationFailed):
        room.joining.with_password(token, "wrong", HERE)
    secret = room.joining.with_password(token, PASSWORD, HERE)
    assert actor_of(core, secret).user_id == south.owner_id
    with core.works.across_workspaces("look") as work:
        query = select(Membership.role).where(Membership.user_id == south.owner_id)
        assert sorted(work.session.scalars(query)) == ["member", "owner"]


def test_a_browser_joins_only_as_the_one_who_was_invited(core, room, ask, post, add):
    south = make_tenant(core, "south")
    ask(south.email)
    token = post.token()
    with pytest.raises(Forbidden):
        room.joining.signed_in(token, add("eve").user_id, HERE)
    assert actor_of(core, room.joining.signed_in(token, south.owner_id, HERE)).role == "member"


def test_an_inactive_user_does_not_join(core, room, ask, post):
    south = make_tenant(core, "south")
    ask(south.email)
    token = post.token()
    with core.works.across_workspaces("block", write=True) as work:
        work.session.get_one(User, south.owner_id).is_active = False
    with pytest.raises(ValidationFailed):
        room.joining.with_password(token, PASSWORD, HERE)
    with pytest.raises(Forbidden):
        room.joining.signed_in(token, south.owner_id, HERE)


def test_nobody_invites_above_themselves(ask, add):
    admin = add("adam", "admin")
    with pytest.raises(Forbidden, match="above your own"):
        ask(actor=admin, role="owner")
    with pytest.raises(ScopeMissing):
        ask(actor=add("mary"))
    ask(actor=admin, role="admin")


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"email": "nobody"}, "/email"),
        ({"first_name": "a\nb"}, "/first_name"),
        ({"role": "king"}, "/role"),
    ],
)
def test_what_is_wrong_is_told(ask, facts, pointer):
    with pytest.raises(ValidationFailed) as caught:
        ask(**facts)
    assert [one.pointer for one in caught.value.findings] == [pointer]


def test_every_wrong_value_of_a_new_member_is_told(room, ask, post):
    ask()
    with pytest.raises(ValidationFailed) as caught:
        room.joining.as_new(post.token(), " ", "short", HERE)
    assert [one.pointer for one in caught.value.findings] == ["/name", "/password"]
