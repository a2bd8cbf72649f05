"""Who is asked for a capability, what comes of it, and when the next provider is asked."""

import pytest

from extensions.sdk.connection import Account
from extensions.sdk.service_errors import (
    AuthenticationError,
    NotConnected,
    OutcomeUnknown,
    ServiceRefused,
    ServiceUnavailable,
)
from geminicrm.runtime.providers import Asked
from tests.support.core import make_tenant
from tests.support.integrations import connect_to, put_integration

TEST = Asked(capability="connection", operation="test_connection", arguments={})


def via(connection_id):
    return Asked(
        capability="connection",
        operation="test_connection",
        arguments={},
        connection_id=connection_id,
    )


@pytest.fixture
def ask(stage, tenant):
    def ask(asked=TEST):
        stage.runtime.reconcile()
        return stage.runtime.capabilities.ask(tenant.owner(), asked)

    return ask


def test_what_a_provider_gives_comes_in_the_classes_of_the_contract(stage, tenant, ask):
    put_integration(stage, tenant)
    connection_id = connect_to(stage, tenant, name="Ours")
    provider, account = ask()
    assert account == Account(id="sample", label="Ours")
    assert provider.connection.id == connection_id


def test_without_a_connection_nobody_is_asked(stage, tenant, ask):
    put_integration(stage, tenant)
    with pytest.raises(NotConnected):
        ask()


def test_another_workspaces_connection_is_no_connection(stage, tenant, ask):
    other = make_tenant(stage.core, "elsewhere")
    put_integration(stage, tenant)
    put_integration(stage, other)
    theirs = connect_to(stage, other)
    with pytest.raises(NotConnected):
        ask(via(theirs))


def test_the_chosen_connection_is_used(stage, tenant, ask):
    put_integration(stage, tenant)
    connect_to(stage, tenant, name="First")
    second = connect_to(stage, tenant, name="Second")
    assert ask(via(second))[1].label == "Second"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("raise AuthenticationError('no')", AuthenticationError),
        ("raise ServiceRefused('no')", ServiceRefused),
        ("raise ServiceUnavailable('down')", ServiceUnavailable),
        ("raise OutcomeUnknown('lost')", OutcomeUnknown),
        ("raise ZeroDivisionError('half way')", OutcomeUnknown),
        ("return 3", OutcomeUnknown),
    ],
)
def test_its_errors_are_told(stage, tenant, ask, body, kind):
    put_integration(stage, tenant, body=body)
    connect_to(stage, tenant)
    with pytest.raises(kind):
        ask()


def both(stage, tenant, first):
    put_integration(stage, tenant, "first", first)
    put_integration(stage, tenant, "second")
    connect_to(stage, tenant, "first")
    connect_to(stage, tenant, "second")


def test_the_next_is_asked_after_one_that_has_not_accepted(stage, tenant, ask):
    both(stage, tenant, "raise ServiceUnavailable('down')")
    assert ask()[1].id == "second"


@pytest.mark.parametrize("body", ["raise OutcomeUnknown('lost')", "raise ZeroDivisionError"])
def test_nobody_else_is_asked_after_one_that_may_have_accepted(stage, tenant, ask, body):
    both(stage, tenant, body)
    with pytest.raises(OutcomeUnknown):
        ask()


def test_nobody_else_is_asked_where_one_was_chosen(stage, tenant, ask):
    put_integration(stage, tenant, "first", "raise ServiceUnavailable('down')")
    put_integration(stage, tenant, "second")
    chosen = connect_to(stage, tenant, "first")
    connect_to(stage, tenant, "second")
    with pytest.raises(ServiceUnavailable):
        ask(via(chosen))


def test_one_that_is_left_out_for_a_while_has_not_accepted(stage, tenant, ask):
    both(stage, tenant, "raise ZeroDivisionError")
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            ask()
    assert ask()[1].id == "second"


def test_a_provider_is_found_with_its_connection(stage, tenant):
    put_integration(stage, tenant)
    connection_id = connect_to(stage, tenant)
    stage.runtime.reconcile()
    capabilities = stage.runtime.capabilities
    found = capabilities.find(tenant.id, "sample", connection_id)
    assert found.connection.id == connection_id
    assert capabilities.find(tenant.id, "sample", "conn_unknown") is None
    assert capabilities.find(tenant.id, "unknown", connection_id) is None
