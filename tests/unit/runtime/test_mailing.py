"""Whose accounts somebody may send through."""

from dataclasses import replace

from geminicrm.runtime.mailing import CapabilityMailer
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
