"""`geminicrm integrations list | test`."""

import pytest

from tests.support.connecting import connect

KEY = "sk_test_of_north_0123456789"


@pytest.fixture
def core(open_core):
    return open_core


@pytest.fixture
def stripe(built_in, monkeypatch):
    monkeypatch.setenv("GEMINICRM_EGRESS_ALLOW", "127.0.0.0/8")
    return built_in("stripe")


def test_nothing_is_connected(terminal, tenant):
    assert terminal("integrations", "list").out == "Nothing is connected.\n"
    assert terminal("integrations", "test").code == 0


def test_connections_are_listed_and_tested(terminal, stripe, outside):
    connection = connect(stripe, api_key=KEY, base_url=outside.url)
    head, line = terminal("integrations", "list").out.splitlines()
    assert head.split() == ["CONNECTION", "SERVICE", "NAME", "OWNER", "STATUS"]
    assert line.split() == [connection, "stripe", "Stripe", "workspace", "untested"]
    outside.answers = [(200, {"livemode": False})]
    told = terminal("integrations", "test", connection)
    assert told.code == 0, told
    first, *stages = told.out.splitlines()
    assert first == f"{connection}  stripe  Stripe: connected"
    assert [one.split()[:2] for one in stages] == [
        ["resolve", "ok"],
        ["connect", "ok"],
        ["sign-in", "ok"],
        ["scopes", "ok"],
    ]
    outside.answers = [(401, {})]
    told = terminal("integrations", "test", "--type", "payments", "--json")
    assert told.code == 1
    (one,) = told.json()["data"]
    assert (one["status"], one["stages"][-1]["ok"], one["noted"]) == ("failing", False, False)
    assert "not noted" in terminal("integrations", "test", connection).out
    # What this command lacks, as a way out or a variable, must not stop what the server can do.
    assert "  connected  " in terminal("integrations", "list").out
    assert terminal("integrations", "test", "--type", "email").out == "Nothing is connected.\n"
    assert terminal("integrations", "test", "conn_none").code == 1
