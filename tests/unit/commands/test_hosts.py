"""`geminicrm hosts` and `geminicrm supervisor`."""

import os
import sys
import time

import pytest

from geminicrm.commands import hosts as hosts_module
from geminicrm.runtime.host.control import Done, HostState, Look, States
from geminicrm.runtime.hosting.supervisor_client import SupervisorClient

HOST = HostState(
    generation=5,
    installation_id="ins_1",
    extension_id="lead-scoring",
    digest="sha256:a",
    pid=77,
    state="ready",
    age=3.2,
    started_in=0.01,
    private_memory=6 * 1024 * 1024,
    level={"landlock": "on (ABI 7)", "uid": "off: not started as root"},
)


class Answering:
    """A client of a supervisor that gives always the same."""

    def __init__(self, given):
        self.given = given

    def __call__(self, _home, *, starts):
        assert not starts
        return self

    def ask(self, _question, _deadline):
        return self.given

    def close(self):
        pass


@pytest.fixture
def answering(monkeypatch):
    return lambda given: monkeypatch.setattr(hosts_module, "SupervisorClient", Answering(given))


def test_without_a_supervisor_there_is_nothing_to_show(terminal):
    ran = terminal("hosts")
    assert ran.code == 1
    assert "No supervisor runs here" in ran.err


def test_a_supervisor_without_hosts_says_so(terminal, core):
    client = SupervisorClient(core.settings.home)
    client.ask(Look(), time.monotonic() + 20)
    assert terminal("hosts").out == "No extension runs in a host.\n"
    assert terminal("hosts", "--json").json() == {"zygote": 0, "hosts": []}
    client.close()


def test_each_host_is_shown_with_the_locks_that_are_off(terminal, answering):
    answering(States(zygote=9, hosts=(HOST,)))
    line = "lead-scoring  ins_1  ready  pid 77  3 s  6.0 MiB  uid off: not started as root\n"
    assert terminal("hosts").out == line
    (shown,) = terminal("hosts", "--json").json()["hosts"]
    assert (shown["pid"], shown["level"]["landlock"]) == (77, "on (ABI 7)")


def test_another_answer_is_an_error(terminal, answering):
    answering(Done())
    assert "something else" in terminal("hosts").err


def test_the_supervisor_takes_the_place_of_its_command(terminal, core, monkeypatch):
    became = []
    monkeypatch.setattr(os, "execv", lambda program, words: became.append((program, words)))
    terminal("supervisor")
    ((program, words),) = became
    assert program == sys.executable
    home = str(core.settings.home)
    assert words == [program, "-m", "geminicrm.runtime.supervisor", home, "--idle-seconds=60"]
