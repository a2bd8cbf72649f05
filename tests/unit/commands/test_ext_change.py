"""`geminicrm ext plan | upgrade | rollback | versions | removed | restore`."""

import pytest

from marketplace.offer import publish_file
from tests.support.life import files, zipped

MORE = {
    "permissions": ["read:leads", "write:deals"],
    "permission_reasons": {"write:deals": "To close them."},
    "network": [{"host": "api.example.com", "reason": "Sends."}],
    "events": ["deal.won"],
    "hooks": ["on_event", "before_record_save"],
    "settings": [{"id": "key", "type": "password", "label": "Key", "required": True}],
}


@pytest.fixture
def offer(core, tenant, tmp_path, monkeypatch):
    """Give what publishes a version of an extension that nobody has signed, which may come in."""
    monkeypatch.setenv("GEMINICRM_ALLOW_UNSIGNED", "yes")

    def put(version="1.0.0", **changes):
        log = b"# Changelog\n\n## 2.0.0\n\n- Deals.\n"
        content = {**files(version=version, **changes), "CHANGELOG.md": log}
        package = tmp_path / f"{changes.get('id', 'hello-world')}-{version}.gcx"
        package.write_bytes(zipped(content))
        return publish_file(core.registry, tenant.owner(), package)

    return put


@pytest.fixture
def hello(terminal, offer):
    """hello-world 1.0.0 is installed."""
    offer()
    assert terminal("ext", "install", "hello-world", "--yes").code == 0
    return "hello-world"


def version(terminal):
    return {
        one["extension_id"]: one["version"]
        for one in terminal("ext", "list", "--json").json()["data"]
    }


def test_the_plan_of_an_install(terminal, offer):
    offer()
    told = terminal("ext", "plan", "hello-world").out
    assert told.startswith("Hello World 1.0.0 by Ada Example; is not part of the CRM.")
    assert terminal("ext", "plan", "hello-world", "--json").json()["kind"] == "install"
    assert terminal("ext", "list").out == "Nothing is installed.\n"


def test_the_plan_of_an_upgrade_is_a_difference(terminal, hello, offer):
    offer("2.0.0", **MORE)
    told = terminal("ext", "plan", hello).out
    assert told.startswith("Hello World 1.0.0 to 2.0.0 by Ada Example.\n  + Added: ")
    for line in (
        "To close them.",
        "  + Added: it may call api.example.com: Sends.",
        "  + Added: runs unseen, deal.won",
        "  + Added: runs unseen, Check changes before they are saved",
        "  Unchanged: read:leads",
        "To be filled in afterwards:\n  - Key",
        "What is new, in its publisher's words:\n  - ## 2.0.0\n  - \n  - - Deals.",
        "  - Its publisher has not signed this package: nothing proves who made it.",
    ):
        assert line in told, line
    assert version(terminal) == {hello: "1.0.0"}


def test_the_plan_of_an_uninstall(terminal, hello):
    told = terminal("ext", "plan", hello, "--uninstall").out
    assert "Hello World 1.0.0 would be uninstalled." in told
    assert "  - routes below /api/extensions/hello-world/" in told
    assert "  - read:leads" in told


def test_a_plan_that_can_not_be_is_a_reason(terminal, offer):
    offer(requires={"extensions": {"ghost": "*"}})
    refused = terminal("ext", "plan", "hello-world")
    assert refused.code == 1
    assert "no registry offers ghost" in refused.err


def test_an_upgrade_shows_the_difference_and_asks(terminal, hello, offer):
    offer("2.0.0", **MORE)
    nobody = terminal("ext", "upgrade", hello)
    assert nobody.code == 1
    assert "+ Added: it may call api.example.com" in nobody.err
    assert "--yes" in nobody.err
    no = terminal("ext", "upgrade", hello, typed="n\n")
    assert "Nothing was changed." in no.err
    assert version(terminal) == {hello: "1.0.0"}
    yes = terminal("ext", "upgrade", hello, typed="y\n")
    assert yes.out == "hello-world is updated to 2.0.0 and every worker serves it so.\n"
    assert "putting it in the place of the version before ..." in yes.err


def test_an_upgrade_that_asks_for_nothing_more_asks_nobody(terminal, hello, offer):
    offer("2.0.0")
    done = terminal("ext", "upgrade", hello, "--json").json()
    assert done["version"] == "2.0.0"
    again = terminal("ext", "upgrade", hello)
    assert again.code == 1
    assert "is what is installed" in again.err


def test_versions_and_the_way_back(terminal, hello, offer):
    offer("2.0.0", **MORE)
    assert terminal("ext", "upgrade", hello, "--yes").code == 0
    assert "2.0.0 back to 1.0.0" in terminal("ext", "plan", hello, "--rollback").out
    back = terminal("ext", "rollback", hello)
    assert back.out == "hello-world is back at 1.0.0 and every worker serves it so.\n"
    head, *rows = terminal("ext", "versions", hello).out.splitlines()
    assert head.split()[:4] == ["VERSION", "SINCE", "UNTIL", "OUTCOME"]
    assert [row.split()[0] for row in rows] == ["1.0.0", "2.0.0", "1.0.0"]
    assert "runs now" in rows[0]
    assert "rolled_back" in rows[1]
    assert terminal("ext", "rollback", hello, "0.1.0").code == 1


def test_all_that_ask_for_nothing_more(terminal, hello, offer):
    offer(id="greedy", name="Greedy")
    assert terminal("ext", "install", "greedy", "--yes").code == 0
    assert terminal("ext", "upgrade", "--all").out == "Everything is up to date.\n"
    offer("2.0.0")
    offer("2.0.0", id="greedy", name="Greedy", permissions=["write:deals"])
    told = terminal("ext", "upgrade", "--all").out.splitlines()
    assert told[0] == "hello-world is updated to 2.0.0."
    assert told[1].startswith("greedy 2.0.0: it asks for more")
    assert version(terminal) == {"greedy": "1.0.0", hello: "2.0.0"}


@pytest.mark.parametrize("words", [[], ["hello-world", "--all"], ["--all", "--version", "2.0.0"]])
def test_one_or_all(terminal, words):
    assert terminal("ext", "upgrade", *words).code == 2


def test_an_install_brings_what_it_needs(terminal, offer):
    offer(id="base", name="Base", permissions=["read:deals"])
    offer(requires={"extensions": {"base": "*"}})
    told = terminal("ext", "plan", "hello-world").out
    assert "With it, because Hello World needs it:" in told
    asked = terminal("ext", "install", "hello-world", typed="y\n")
    assert asked.code == 0, asked.err
    assert "Allow this and install hello-world and base?" in asked.err
    assert version(terminal) == {"base": "1.0.0", "hello-world": "1.0.0"}


def test_what_was_removed_comes_back(terminal, hello):
    assert terminal("ext", "removed").out == "Nothing was removed.\n"
    assert terminal("ext", "restore", hello).code == 1
    assert terminal("ext", "uninstall", hello).code == 0
    head, row = terminal("ext", "removed").out.splitlines()
    assert head.split()[0] == "ID"
    assert row.split()[1:3] == [hello, "1.0.0"]
    back = terminal("ext", "restore", hello)
    assert back.out == "hello-world is back at 1.0.0 and every worker serves it so.\n"
    assert terminal("ext", "removed", "--json").json() == {"data": []}
