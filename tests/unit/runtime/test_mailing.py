"""Whose accounts somebody may send through, and whose mailboxes are read."""

from dataclasses import replace

from geminicrm.runtime.mailing import CapabilityMailboxes, CapabilityMailer
from tests.support.integrations import connect_to, put_integration


def test_accounts_are_those_of_the_workspace_and_ones_own(stage, tenant):
    put_integration(stage, tenant, provides=["email"])
    shared = connect_to(stage, tenant, name="Sales")
    second = connect_to(stage, tenant, name="Support")
    own = connect_to(stage, tenant, name="Olga", owner_id=tenant.owner_id)
    stage.runtime.reconcile()
    mailer = CapabilityMailer(stage.runtime.capabilities)
    somebody = replace(tenant.owner(), user_id="usr_other")
    assert {one for one, _ in mailer.accounts(tenant.owner())} == {own, shared, second}
    assert {one for one, _ in mailer.accounts(somebody)} == {shared, second}


def test_a_mailbox_is_personal_unless_it_is_known_to_be_the_workspaces(stage, tenant):
    put_integration(stage, tenant, provides=["mailbox"])
    shared = connect_to(stage, tenant, name="Sales")
    own = connect_to(stage, tenant, name="Olga", owner_id=tenant.owner_id)
    stage.runtime.reconcile()
    mailboxes = CapabilityMailboxes(stage.runtime.capabilities)
    asked = (shared, own, "conn_gone")
    assert [mailboxes.personal(one) for one in asked] == [False, True, True]
