"""Sign-in, sessions and the throttle in front of them."""

import pytest
from sqlalchemy import select

from geminicrm.identity.models import Membership, SignInAttempts, SignInSession, User
from geminicrm.identity.people import (
    create_user,
    create_workspace,
    find_user,
    is_member,
    list_members,
    list_workspaces,
)
from geminicrm.identity.sign_in import (
    ACCOUNT_FAILURES,
    ADDRESS_FAILURES,
    Visitor,
    actor_of_session,
    list_sessions,
    sign_in,
    sign_out,
    sweep,
)
from geminicrm.identity.throttle import WINDOW
from geminicrm.kernel.errors import Conflict, NotFound, TooManyRequests, ValidationFailed
from geminicrm.kernel.generation import AUTH
from tests.support.core import PASSWORD, make_tenant

HERE = Visitor("192.0.2.7", "Tests/1")


@pytest.fixture
def core(both_cores):
    return both_cores


@pytest.fixture
def tenant(core):
    return make_tenant(core, "north")


def _actor(core, secret):
    with core.works.across_workspaces("look") as work:
        return actor_of_session(work, secret)


def test_the_right_password_opens_a_session_of_the_role(core, tenant):
    secret = sign_in(core.works, f" {tenant.email.upper()} ", PASSWORD, HERE, days=14)
    actor, _ends = _actor(core, secret)
    assert (actor.kind, actor.user_id, actor.workspace_id) == ("user", tenant.owner_id, tenant.id)
    assert actor.allows("manage:extensions")
    with core.works.across_workspaces("look") as work:
        (session,) = list_sessions(work, tenant.owner_id)
        assert secret not in (session.secret_hash, session.id)
        assert session.address == "192.0.2.7"


def test_a_session_ends_with_its_time_and_is_swept(core, tenant, clock):
    secret = sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)
    clock.advance(86_400)
    assert _actor(core, secret) is None
    with core.works.across_workspaces("sweep", write=True) as work:
        sweep(work)
    with core.works.across_workspaces("look") as work:
        assert work.session.scalars(select(SignInSession)).all() == []


def test_signing_out_ends_it_and_tells_every_worker(core, tenant):
    secret = sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)
    actor, _ends = _actor(core, secret)
    before = core.generations.get(AUTH)
    for _ in range(2):
        with core.works.across_workspaces("end", write=True) as work:
            sign_out(work, core.generations, actor.session_id)
    assert _actor(core, secret) is None
    assert core.generations.get(AUTH) == before + 1


def test_a_blocked_user_neither_signs_in_nor_stays_in(core, tenant):
    secret = sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)
    with core.works.across_workspaces("block", write=True) as work:
        work.session.get_one(User, tenant.owner_id).is_active = False
    assert _actor(core, secret) is None
    with pytest.raises(ValidationFailed):
        sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)


def test_a_user_without_workspace_can_not_sign_in(core, tenant):
    with core.works.across_workspaces("leave", write=True) as work:
        for membership in work.session.scalars(select(Membership)):
            work.session.delete(membership)
    with pytest.raises(ValidationFailed):
        sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)


def test_unknown_account_and_wrong_password_sound_alike(core, tenant):
    with pytest.raises(ValidationFailed) as unknown:
        sign_in(core.works, "nobody@north.example", PASSWORD, HERE, days=1)
    with pytest.raises(ValidationFailed) as wrong:
        sign_in(core.works, tenant.email, "wrong password", HERE, days=1)
    assert unknown.value.detail == wrong.value.detail


def test_an_account_is_closed_for_a_while_after_failures(core, tenant, clock):
    for _ in range(ACCOUNT_FAILURES):
        with pytest.raises(ValidationFailed):
            sign_in(core.works, tenant.email, "wrong password", HERE, days=1)
    with pytest.raises(TooManyRequests) as refused:
        sign_in(core.works, tenant.email, PASSWORD, Visitor("192.0.2.8", ""), days=1)
    assert int(refused.value.headers["Retry-After"]) == WINDOW.total_seconds()
    clock.advance(WINDOW.total_seconds())
    with pytest.raises(ValidationFailed):
        sign_in(core.works, tenant.email, "wrong password", HERE, days=1)
    assert sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)
    with core.works.across_workspaces("look") as work:
        assert work.session.get(SignInAttempts, f"account:{tenant.email}") is None


def test_an_address_is_closed_for_a_while_whatever_account_it_tries(core, tenant):
    with core.works.across_workspaces("failed often", write=True) as work:
        work.session.add(
            SignInAttempts(
                key="address:192.0.2.7", failures=ADDRESS_FAILURES, window_started_at=work.now
            )
        )
    with pytest.raises(TooManyRequests):
        sign_in(core.works, tenant.email, PASSWORD, HERE, days=1)


def test_people_are_found_and_listed(core, tenant):
    with core.works.read(tenant.system()) as work:
        assert [member.role for member in list_members(work)] == ["owner"]
        assert is_member(work, tenant.owner_id)
        assert not is_member(work, "usr_nobody")
        assert find_user(work, tenant.email.upper()).id == tenant.owner_id
        assert [workspace.slug for workspace in list_workspaces(work)] == ["north"]
        with pytest.raises(NotFound):
            find_user(work, "nobody@north.example")


def test_every_wrong_value_of_a_new_user_is_listed(core, tenant):
    with (
        pytest.raises(ValidationFailed) as caught,
        core.works.across_workspaces("x", write=True) as work,
    ):
        create_user(work, tenant.id, "no address", "king", PASSWORD)
    assert [finding.pointer for finding in caught.value.findings] == ["/email", "/role"]


def test_a_short_password_is_refused(core, tenant):
    with (
        pytest.raises(ValidationFailed, match="at least 10"),
        core.works.across_workspaces("x", write=True) as work,
    ):
        create_user(work, tenant.id, "new@north.example", "member", "short")


def test_addresses_and_slugs_are_taken_once(core, tenant):
    with pytest.raises(Conflict), core.works.across_workspaces("x", write=True) as work:
        create_user(work, tenant.id, tenant.email, "member", PASSWORD)
    with pytest.raises(Conflict), core.works.across_workspaces("x", write=True) as work:
        create_workspace(work, "north", "North again")


def test_a_name_is_read_from_the_address(core, tenant):
    with core.works.across_workspaces("x", write=True) as work:
        user = create_user(work, tenant.id, "ana.maria_lopez@north.example", "member", PASSWORD)
    assert user.name == "Ana Maria Lopez"


def test_an_address_of_any_length_is_counted(core, tenant):
    long = f"{'a' * 400}@north.example"
    for _ in range(ACCOUNT_FAILURES):
        with pytest.raises(ValidationFailed):
            sign_in(core.works, long, "wrong password", HERE, days=1)
    with pytest.raises(TooManyRequests):
        sign_in(core.works, long, "wrong password", HERE, days=1)
    with pytest.raises(ValidationFailed):  # its beginning alone is another address
        sign_in(core.works, long.replace("aaaa@", "aaab@"), "wrong password", HERE, days=1)
