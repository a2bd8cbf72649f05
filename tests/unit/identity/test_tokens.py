"""API tokens and the cache of who holds what."""

import pytest
from sqlalchemy import select

from geminicrm.identity.guards import Credentials
from geminicrm.identity.models import ApiToken, Membership, User
from geminicrm.identity.permissions import EXTENSION_SCOPES, ROLES, SCOPES
from geminicrm.identity.tokens import create_token, list_tokens, revoke_token
from geminicrm.kernel.crypto import hash_token
from geminicrm.kernel.errors import NotFound, ValidationFailed
from geminicrm.kernel.generation import AUTH


@pytest.fixture
def credentials(core):
    return Credentials(core.works, core.generations)


def _create(core, tenant, scopes, days=90):
    with core.works.write(tenant.system()) as work:
        return create_token(work, tenant.owner_id, "Form", scopes, days)


def test_a_token_acts_with_its_own_scopes(core, tenant, credentials):
    made = _create(core, tenant, ["read:leads"])
    actor = credentials.actor(made.secret)
    assert actor.kind == "token"
    assert actor.scopes == {"read:leads"}
    assert actor.label == "Owner (Form)"
    assert credentials.actor(made.secret) is actor


def test_only_the_hash_is_kept(core, tenant):
    made = _create(core, tenant, ["read:leads"])
    with core.works.read(tenant.system()) as work:
        row = work.get(ApiToken, made.id)
        assert row.secret_hash == hash_token(made.secret)
        assert made.secret not in str(vars(row))


def test_a_token_ends_with_its_time_even_when_remembered(core, tenant, credentials, clock):
    made = _create(core, tenant, ["read:leads"], days=1)
    assert credentials.actor(made.secret)
    clock.advance(86_400)
    assert credentials.actor(made.secret) is None
    credentials.forget()
    assert credentials.actor(made.secret) is None


def test_a_revoked_token_holds_nowhere_from_the_next_request_on(core, tenant, credentials):
    made = _create(core, tenant, ["read:leads"])
    assert credentials.actor(made.secret)
    with core.works.write(tenant.system()) as work:
        revoke_token(work, core.generations, tenant.owner_id, made.id)
    assert credentials.actor(made.secret) is None


def test_a_blocked_user_s_token_does_not_hold(core, tenant, credentials):
    with core.works.across_workspaces("block", write=True) as work:
        work.session.get_one(User, tenant.owner_id).is_active = False
        core.generations.bump(work, AUTH)
    assert credentials.actor(tenant.token) is None


def test_unknown_secrets_hold_nothing(credentials):
    assert credentials.actor("gck_unknown") is None
    assert credentials.actor("gcs_unknown") is None
    assert credentials.actor("gck_\udcff") is None


def test_the_memory_of_tokens_is_bounded(core, tenant, credentials, monkeypatch):
    monkeypatch.setattr("geminicrm.identity.guards._CACHE_SIZE", 1)
    first, second = (_create(core, tenant, ["read:leads"]) for _ in range(2))
    assert credentials.actor(first.secret)
    assert credentials.actor(second.secret)
    assert credentials.actor(first.secret).id == first.id


def test_every_unknown_scope_is_named(core, tenant):
    with pytest.raises(ValidationFailed) as caught:
        _create(core, tenant, ["read:leads", "read:minds", "write:wrongs"])
    assert [finding.pointer for finding in caught.value.findings] == ["/scopes/1", "/scopes/2"]


def test_a_token_can_not_have_more_than_the_role(core, tenant):
    with core.works.write(tenant.system()) as work:
        work.session.scalars(select(Membership)).one().role = "read-only"
    with pytest.raises(ValidationFailed, match="read-only lacks"):
        _create(core, tenant, ["write:leads"])


def test_tokens_are_listed_and_only_ones_own_are_revoked(core, tenant):
    made = _create(core, tenant, ["read:leads"], days=None)
    with core.works.read(tenant.system()) as work:
        listed = list_tokens(work, tenant.owner_id)
        assert listed[0].id == made.id
        assert listed[0].expires_at is None
    with pytest.raises(NotFound), core.works.write(tenant.system()) as work:
        revoke_token(work, core.generations, "usr_somebody", made.id)
    with pytest.raises(NotFound), core.works.write(tenant.system()) as work:
        create_token(work, "usr_somebody", "x", ["read:leads"])


def test_roles_hold_known_scopes_and_grow():
    assert all(held <= set(SCOPES) for held in ROLES.values())
    assert ROLES["read-only"] < ROLES["member"] < ROLES["admin"] == ROLES["owner"]
    assert "manage:users" not in EXTENSION_SCOPES
    assert all(scope.sentence and scope.explanation for scope in SCOPES.values())
