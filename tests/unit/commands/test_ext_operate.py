"""`geminicrm ext list | enable | disable | uninstall`."""

import pytest

from marketplace.offer import built_in_folder, offer_builtins
from tests.support.life import CODE, files, zipped


@pytest.fixture
def hello(core, terminal):
    """hello-routes is installed."""
    offer_builtins(core.registry, built_in_folder())
    assert terminal("ext", "install", "hello-routes", "--yes").code == 0
    return "hello-routes"


def test_an_empty_list_says_so(terminal):
    assert terminal("ext", "list").out == "Nothing is installed.\n"
    assert terminal("ext", "list", "--json").json() == {"data": []}


def test_the_list_is_a_table(terminal, hello):
    head, row = terminal("ext", "list").out.splitlines()
    assert head.split() == ["EXTENSION", "VERSION", "STATUS", "ISOLATION"]
    assert row.split() == ["hello-routes", "1.0.0", "enabled", "in-process"]


def test_disabled_extensions_stay_and_come_back(terminal, hello):
    off = terminal("ext", "disable", hello)
    assert (off.code, off.out) == (0, "hello-routes is disabled and every worker serves it so.\n")
    assert terminal("ext", "list", "--json").json()["data"][0]["status"] == "disabled"
    assert terminal("ext", "enable", hello, "--json").json()["enabled"] is True


def test_uninstall_keeps_settings_unless_purged(terminal, hello):
    gone = terminal("ext", "uninstall", hello)
    assert gone.out.startswith("hello-routes is uninstalled, its settings are kept")
    assert terminal("ext", "install", hello, "--yes").code == 0
    purged = terminal("ext", "uninstall", hello, "--purge", "--json").json()
    assert purged["kept"] is False
    assert terminal("ext", "list", "--json").json() == {"data": []}


def test_purged_settings_are_told_as_gone(terminal, hello):
    gone = terminal("ext", "uninstall", hello, "--purge").out
    assert gone.startswith("hello-routes is uninstalled, its settings are gone")


def test_a_failing_uninstall_is_told_and_the_extension_goes(terminal, tmp_path):
    code = CODE.replace('return {"success": True, "message": "gone"}', "raise ValueError('stuck')")
    (tmp_path / "hello.gcx").write_bytes(zipped(files(code)))
    assert terminal("ext", "install", "hello.gcx", "--yes", "--unsigned").code == 0
    gone = terminal("ext", "uninstall", "hello-world")
    assert gone.code == 0
    assert "hello-world: its own uninstall() failed" in gone.err
    assert "extension.py" in gone.err


@pytest.mark.parametrize("command", ["enable", "disable", "uninstall"])
def test_what_is_not_installed_is_told(terminal, command):
    refused = terminal("ext", command, "nothing-here")
    assert refused.code == 1
    assert "'nothing-here'" in refused.err


def test_a_change_that_workers_have_not_taken_up_yet_is_told(terminal, hello, monkeypatch):
    monkeypatch.setattr("geminicrm.runtime.convergence.Convergence.wait_live", lambda *_: False)
    off = terminal("ext", "disable", hello)
    assert off.out == "hello-routes is disabled; workers that run follow in a moment.\n"


@pytest.fixture
def logged(core, tenant, hello):
    """hello-routes has logged two lines; more can be written."""
    installation = core.life_cycle.get(tenant.owner(), hello)["id"]

    def write(message, **fields):
        core.runtime.logs.write(installation, "info", "log", message, fields)

    write("first", lead="lead_1")
    write("second\x1b[31m")
    return write


def test_the_log_is_shown(terminal, hello):
    assert terminal("ext", "logs", hello).out == "hello-routes has logged nothing yet.\n"


def test_lines_of_the_log(terminal, hello, logged):
    first, second = terminal("ext", "logs", hello).out.splitlines()
    assert first.split()[1:] == ["info", "log", "first", "lead=lead_1"]
    assert second.endswith("second [31m")  # what it logs does not steer the terminal
    (last,) = terminal("ext", "logs", hello, "--lines", "1", "--json").json()["data"]
    assert last["message"] == "second\x1b[31m"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_the_log_is_followed(terminal, hello, logged, monkeypatch, form):
    steps = iter([lambda: logged("third"), _ctrl_c])
    monkeypatch.setattr("geminicrm.commands.ext_operate.time.sleep", lambda _: next(steps)())
    shown = terminal("ext", "logs", hello, "--follow", "--lines", "1", *form).out.splitlines()
    assert len(shown) == 2
    assert "second" in shown[0]
    assert "third" in shown[1]


def _ctrl_c():
    raise KeyboardInterrupt
