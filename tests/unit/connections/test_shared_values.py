"""Values of the operator: whom they hold for, and where they come from."""

import pytest

from geminicrm.connections.shared_values import FILE, OperatorValues
from tests.support.core import make_tenant
from tests.unit.connections.test_diagnosis import field, service

FIELDS = (
    field("api_key", type="password", secret=True, env=("POST_KEY", "POST_API_KEY")),
    field("port", type="integer", env=("POST_PORT",)),
    field("tls", type="boolean", env=("POST_TLS",)),
    field("host", env=("POST_HOST",)),
)
ENVIRON = {"POST_API_KEY": "of-the-environment", "POST_PORT": "25", "POST_TLS": "no", "OTHER": "x"}


def values(core, tenant, *named, text="", environ=ENVIRON):
    core.settings.home.joinpath(FILE).write_text(text)
    shared = OperatorValues(core.settings.home, environ, named, core.works)
    return shared.of(of(tenant))


def of(tenant):
    one = service()
    return type(one)(
        **{name: getattr(one, name) for name in one.__slots__}
        | {"fields": FIELDS, "workspace_id": tenant.id}
    )


def test_variables_hold_for_the_only_workspace(core, tenant):
    found = values(core, tenant)
    assert (found.plain, found.secrets) == (
        {"port": 25, "tls": False},
        {"api_key": "of-the-environment"},
    )
    assert found.origins == {
        "api_key": "environment:POST_API_KEY",
        "port": "environment:POST_PORT",
        "tls": "environment:POST_TLS",
    }


def test_the_file_goes_before_variables_and_is_read_again(core, tenant):
    text = '[post]\napi_key = "of-the-file"\nhost = "mail.example"\n'
    found = values(core, tenant, text=text)
    assert found.secrets == {"api_key": "of-the-file"}
    assert found.origins["api_key"] == "file"
    assert found.plain == {"host": "mail.example", "port": 25, "tls": False}
    shared = OperatorValues(core.settings.home, {}, (), core.works)
    assert shared.of(of(tenant)).plain == {"host": "mail.example"}
    core.settings.home.joinpath(FILE).write_text('[post]\nhost = "another.example"\n')
    assert shared.of(of(tenant)).plain == {"host": "another.example"}


def test_where_there_are_several_workspaces_only_those_that_are_named(core, tenant):
    south = make_tenant(core, "south")
    text = '[post]\nhost = "all.example"\n[workspace.south.post]\nhost = "south.example"\n'
    assert values(core, tenant, text=text) == values(core, tenant, text="", environ={})
    assert values(core, south, text=text).plain == {"host": "south.example"}
    assert values(core, tenant, "north", text=text).plain["host"] == "all.example"
    assert values(core, tenant, tenant.id, text=text).plain["port"] == 25
    assert values(core, tenant, "south", text=text).plain == {}


@pytest.mark.parametrize(
    "text",
    ["[post", "post = 1", "[post]\nport = true\nhost = 7\nodd = 1\n", "[workspace]\nnorth = 1\n"],
)
def test_what_does_not_fit_is_left_out(core, tenant, text, quiet_logs):
    found = values(core, tenant, text=text, environ={"POST_PORT": "many", "POST_TLS": "perhaps"})
    assert (found.plain, found.secrets) == ({}, {})
