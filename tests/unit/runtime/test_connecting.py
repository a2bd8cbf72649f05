"""What a call of an integration sees of its connection, and where its values come from."""

import pytest

from extensions.sdk.service_errors import NotConnected
from geminicrm.connections.services import Values
from geminicrm.runtime.call_context import CallContext
from tests.support.integrations import connect_to, put_integration
from tests.support.sample_extensions import HEAD, QUIET


class Shared:
    """The operator's values."""

    def of(self, _service):
        return Values({"region": "from-the-operator"}, {"signing": "signing-of-the-operator"})


@pytest.fixture
def inside(stage, tenant):
    """Give a function that runs another with `self.app` inside a call of the sample."""

    def run(function, caller=None, **more):
        stage.runtime.reconcile()
        installed = stage.find(tenant)
        call = CallContext(installed, caller or tenant.owner(), "test", 5.0, **more)
        app = installed.loaded.extension.app
        return stage.runtime.calls.run(call, lambda: function(app))

    return run


def test_values_of_the_connection_come_first(stage, tenant, inside):
    installation = put_integration(stage, tenant)
    stage.change(tenant, installation, settings={"region": "us", "base_url": "https://a.example"})
    connect_to(stage, tenant, config={"base_url": "https://b.example"})
    seen = inside(lambda app: dict(app.settings))
    assert seen == {"region": "us", "base_url": "https://b.example"}


def test_the_operators_values_are_beneath_and_over_the_defaults(core, stage_of, tenant):
    stage = stage_of(core, shared=Shared())
    put_integration(stage, tenant)
    connect_to(stage, tenant)
    stage.runtime.reconcile()
    installed = stage.find(tenant)
    call = CallContext(installed, tenant.owner(), "test", 5.0)
    app = installed.loaded.extension.app
    seen = stage.runtime.calls.run(call, lambda: {**app.settings, **app.secrets})
    assert seen == {"region": "from-the-operator", "signing": "signing-of-the-operator"}


def test_the_core_alone_sees_what_it_injects(stage, tenant, inside):
    put_integration(stage, tenant)
    connect_to(stage, tenant, config={"signing": "whsec_0123456789"})
    assert inside(lambda app: dict(app.secrets)) == {"signing": "whsec_0123456789"}


def test_without_a_connection_there_are_no_secrets(stage, tenant, inside):
    put_integration(stage, tenant, body="return None")
    assert inside(lambda app: dict(app.secrets)) == {}
    with pytest.raises(NotConnected):
        inside(lambda app: app.connection, passes=(NotConnected,))


def test_an_extension_that_connects_to_nothing_has_no_connection(stage, tenant, inside):
    stage.put(tenant, HEAD + QUIET)
    with pytest.raises(NotConnected):
        inside(lambda app: app.connection, passes=(NotConnected,))


def test_what_a_call_saves_is_seen_by_it(stage, tenant, inside):
    put_integration(stage, tenant)
    connect_to(stage, tenant)

    def save(app):
        app.settings.save({"region": "asia"})
        return app.settings["region"]

    assert inside(save) == "asia"
    assert stage.saved == [("extension", "sample", {"region": "asia"})]


def test_a_users_own_connection_comes_first_and_only_for_that_user(stage, tenant, inside):
    put_integration(stage, tenant)
    connect_to(stage, tenant, name="Workspace's")
    connect_to(stage, tenant, name="Olga's", owner_id=tenant.owner_id)
    assert inside(lambda app: app.connection.name) == "Olga's"
    info = inside(lambda app: app.connection, caller=tenant.system())
    assert (info.name, info.owner, info.environment) == ("Workspace's", "workspace", "live")
