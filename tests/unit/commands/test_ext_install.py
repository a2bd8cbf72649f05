"""`geminicrm ext install`: consent, and where packages come from."""

import pytest

from geminicrm.runtime.hosting.hosting import Hosting
from marketplace.offer import built_in_folder, offer_builtins
from marketplace.search import Query
from tests.support.core import make_tenant
from tests.support.life import files, zipped


@pytest.fixture
def offered(core):
    """The built-in extensions are in the registry."""
    offer_builtins(core.registry, built_in_folder())


@pytest.fixture
def package(tmp_path):
    """A package of a stranger."""
    path = tmp_path / "hello.gcx"
    path.write_bytes(zipped(files()))
    return path.name


def _installed(terminal):
    return [row["extension_id"] for row in terminal("ext", "list", "--json").json()["data"]]


def only_warns(told: str) -> bool:
    """Tell whether nothing but warnings of the checks was said."""
    return all(line.startswith("warning: ") for line in told.splitlines())


def test_yes_grants_exactly_what_the_manifest_asks(terminal, offered):
    done = terminal("ext", "install", "lead-scoring", "--yes", "--json")
    assert done.code == 0, done.err
    assert only_warns(done.err)
    answer = done.json()
    assert answer["granted"] == ["read:leads", "write:leads"]
    assert answer["live"] is True
    assert [step["step"] for step in answer["steps"]][-1] == "mount"


def test_the_answer_names_settings_that_have_to_be_filled_in(terminal, offered):
    done = terminal("ext", "install", "deal-alerts", "--yes")
    assert done.out.splitlines() == [
        "deal-alerts 1.0.0 is installed and every worker serves it so.",
        "Fill in webhook_url at http://127.0.0.1:8000/installed/deal-alerts/settings",
    ]


def test_without_a_terminal_nobody_has_agreed(terminal, offered):
    refused = terminal("ext", "install", "deal-alerts")
    assert refused.code == 1
    assert "View deals: Names, amounts" in refused.err
    assert "Why: Is told of deals" in refused.err
    assert "the address saved in 'webhook_url'" in refused.err
    assert "Is told of: deal.won, deal.lost" in refused.err
    assert "repeat the command with --yes" in refused.err
    assert _installed(terminal) == []


def test_on_a_terminal_it_asks_and_shows_the_steps(terminal, offered):
    done = terminal("ext", "install", "hello-routes", typed="y\n")
    assert done.code == 0
    assert "Allow this and install hello-routes?" in done.err
    assert "comparing its digest ..." in done.err
    assert _installed(terminal) == ["hello-routes"]


def test_no_is_no(terminal, offered):
    refused = terminal("ext", "install", "hello-routes", typed="n\n")
    assert refused.code == 1
    assert "Nothing was changed." in refused.err
    assert _installed(terminal) == []


def test_optional_permissions_are_asked_one_by_one(terminal, tmp_path):
    asked = {"optional_permissions": ["read:deals", "read:contacts"]}
    (tmp_path / "hello.gcx").write_bytes(zipped(files(**asked)))
    words = ("ext", "install", "hello.gcx", "--unsigned", "--json")
    done = terminal(*words, typed="y\nn\ny\n")
    assert done.json()["granted"] == ["read:contacts", "read:leads"]


@pytest.fixture
def no_locks(monkeypatch):
    """A machine that can't lock a process up."""
    monkeypatch.setattr(Hosting, "confines", lambda _self: False)


def test_a_package_that_nobody_signed_has_to_be_let_in(terminal, package, core, tenant):
    refused = terminal("ext", "install", package, "--yes")
    assert refused.code == 1
    assert "nothing proves who made it" in refused.err
    assert "type: geminicrm ext install hello.gcx --unsigned" in refused.err
    assert core.registry.search(tenant.owner(), Query()).listings == []


def test_unsigned_lets_it_in_and_into_a_locked_process(terminal, package):
    done = terminal("ext", "install", package, "--yes", "--unsigned", "--json")
    assert done.code == 0, done.err
    assert only_warns(done.err)
    answer = done.json()
    assert (answer["trusted"], answer["isolation"]) == (False, "sandboxed")


def test_on_a_terminal_it_is_asked_whether_to_let_it_in(terminal, package):
    no = terminal("ext", "install", package, "--yes", typed="n\n")
    assert no.code == 1
    assert "Nothing was installed." in no.err
    done = terminal("ext", "install", package, "--yes", typed="y\n")
    assert done.code == 0


def test_without_locks_nobody_has_trusted_it(terminal, package, no_locks):
    refused = terminal("ext", "install", package, "--yes", "--unsigned")
    assert refused.code == 1
    assert "once installed it can do whatever the server can" in refused.err
    assert "add: --trust hello-world" in refused.err
    wrong = terminal("ext", "install", package, "--yes", "--unsigned", typed="hello\n")
    assert "That is not 'hello-world'" in wrong.err
    assert _installed(terminal) == []


@pytest.mark.parametrize(
    ("words", "typed"), [((), "hello-world\n"), (("--trust", "hello-world"), None)]
)
def test_without_locks_the_id_is_typed(terminal, package, no_locks, words, typed):
    wish = ("--yes", "--unsigned", "--json", *words)
    done = terminal("ext", "install", package, *wish, typed=typed)
    assert done.code == 0
    answer = done.json()
    assert (answer["trusted"], answer["isolation"]) == (True, "unsandboxed")


def test_the_end_of_input_is_a_no(terminal, package):
    ended = terminal("ext", "install", package, "--yes", typed="")
    assert ended.code == 1
    assert _installed(terminal) == []


def test_a_published_extension_is_let_in_the_same_way(terminal, package):
    assert terminal("ext", "install", package, "--yes", "--unsigned").code == 0
    assert terminal("ext", "uninstall", "hello-world").code == 0
    refused = terminal("ext", "install", "hello-world", "--yes")
    assert "type: geminicrm ext install hello-world --unsigned" in refused.err
    assert terminal("ext", "install", "hello-world", "--yes", "--unsigned").code == 0


def test_a_folder_is_packed_checked_and_installed(terminal, tmp_path):
    assert terminal("ext", "new", "my-thing").code == 0
    done = terminal("ext", "install", "my_thing", "--yes", "--unsigned")
    assert "my-thing 0.1.0 is installed" in done.out
    (tmp_path / "my_thing/extension.py").write_text("def broken(:\n")
    assert terminal("ext", "uninstall", "my-thing").code == 0
    refused = terminal("ext", "install", "my_thing", "--yes", "--unsigned")
    assert refused.code == 1
    assert "extension.py:1: error: This is not Python" in refused.err


def test_a_version_can_be_named_with_an_id_only(terminal, package, tmp_path):
    newer = tmp_path / "newer.zip"
    newer.write_bytes(zipped(files(version="2.0.0")))
    assert terminal("ext", "install", package, "--yes", "--unsigned").code == 0
    assert terminal("ext", "uninstall", "hello-world").code == 0
    assert terminal("ext", "install", "newer.zip", "--yes", "--unsigned").code == 0
    assert terminal("ext", "uninstall", "hello-world").code == 0
    words = ("--version", "1.0.0", "--yes", "--unsigned", "--json")
    assert terminal("ext", "install", "hello-world", *words).json()["version"] == "1.0.0"
    assert terminal("ext", "install", package, *words).code == 2


def test_a_second_install_is_refused_before_anybody_is_asked(terminal, package):
    assert terminal("ext", "install", package, "--yes", "--unsigned").code == 0
    for target in (package, "hello-world"):
        refused = terminal("ext", "install", target, typed="")
        assert refused.code == 1
        assert "installed in this workspace already" in refused.err
        assert "Let it in" not in refused.err


def test_what_does_not_exist_is_told(terminal):
    unknown = terminal("ext", "install", "nothing-here", "--yes")
    assert unknown.code == 1
    assert "'nothing-here'" in unknown.err
    for target in ("./nothing", "nothing.gcx"):
        assert terminal("ext", "install", target).code == 2


def test_warnings_of_the_checks_are_shown(terminal, tmp_path):
    (tmp_path / "hello.gcx").write_bytes(zipped(files(icon="icon.png")))
    done = terminal("ext", "install", "hello.gcx", "--yes", "--unsigned")
    assert done.code == 0
    assert "icon.png" in done.err


def test_another_workspace_is_chosen_by_its_slug(terminal, offered, core):
    make_tenant(core, "south")
    assert "Name one with --workspace" in terminal("ext", "list").err
    done = terminal("ext", "install", "hello-routes", "--yes", "--workspace", "south")
    assert done.code == 0
    assert _rows(terminal, "south") == ["hello-routes"]
    assert _rows(terminal, "north") == []


def _rows(terminal, slug):
    answer = terminal("ext", "list", "--workspace", slug, "--json").json()
    return [row["extension_id"] for row in answer["data"]]
