"""`geminicrm ext install`: consent, trust, and where packages come from."""

import pytest

from marketplace.offer import built_in_folder, offer_builtins
from marketplace.search import Query
from tests.support.core import make_tenant
from tests.support.life import files, zipped

LOCKED = {"landlock": "on (ABI 7)", "seccomp": "on"}
OPEN = {"landlock": "off: no Landlock", "seccomp": "on"}


@pytest.fixture
def offered(core):
    """The built-in extensions are in the registry."""
    offer_builtins(core.registry, built_in_folder())


@pytest.fixture
def level(request, monkeypatch):
    """What this machine says of its locks."""
    monkeypatch.setattr("geminicrm.commands.ext_install.machine_level", lambda: request.param)
    return request.param


@pytest.fixture
def package(tmp_path):
    """A package of a stranger."""
    path = tmp_path / "hello.gcx"
    path.write_bytes(zipped(files()))
    return path.name


def _installed(terminal):
    return [row["extension_id"] for row in terminal("ext", "list", "--json").json()["data"]]


def test_yes_grants_exactly_what_the_manifest_asks(terminal, offered):
    done = terminal("ext", "install", "lead-scoring", "--yes", "--json")
    assert (done.code, done.err) == (0, "")
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
    assert "Nothing was installed." in refused.err
    assert _installed(terminal) == []


def test_optional_permissions_are_asked_one_by_one(terminal, tmp_path):
    asked = {"optional_permissions": ["read:deals", "read:contacts"]}
    (tmp_path / "hello.gcx").write_bytes(zipped(files(**asked)))
    words = ("ext", "install", "hello.gcx", "--unsigned", "--json")
    done = terminal(*words, typed="y\nn\ny\n")
    assert done.json()["granted"] == ["read:contacts", "read:leads"]


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (LOCKED, "It runs in a locked process and gets what you allow, nothing else."),
        (OPEN, "installed it can do whatever the server can"),
    ],
    indirect=["level"],
    ids=["locked", "open"],
)
def test_a_package_of_a_stranger_says_what_it_means_and_what_to_type(
    terminal, package, core, tenant, level, words
):
    refused = terminal("ext", "install", package, "--yes")
    assert refused.code == 1
    assert words in refused.err
    assert "type: geminicrm ext install hello.gcx --unsigned" in refused.err
    assert core.registry.search(tenant.owner(), Query()).listings == []


@pytest.mark.parametrize(
    ("level", "warning"),
    [
        (LOCKED, "warning: --unsigned lets hello-world in: its package is not signed"),
        (OPEN, "warning: --unsigned trusts hello-world"),
    ],
    indirect=["level"],
    ids=["locked", "open"],
)
def test_unsigned_is_the_typed_trust_and_warns(terminal, package, level, warning):
    done = terminal("ext", "install", package, "--yes", "--unsigned", "--json")
    assert done.code == 0
    assert done.err.startswith(warning)


def test_on_a_terminal_the_id_is_typed(terminal, package):
    wrong = terminal("ext", "install", package, "--yes", typed="hello\n")
    assert wrong.code == 1
    assert "That is not 'hello-world'" in wrong.err
    done = terminal("ext", "install", package, "--yes", typed="hello-world\n")
    assert done.code == 0


def test_the_end_of_input_is_a_no(terminal, package):
    ended = terminal("ext", "install", package, "--yes", typed="")
    assert ended.code == 1
    assert _installed(terminal) == []


def test_a_published_extension_needs_the_same_trust_by_its_id(terminal, package):
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
        assert "Its id" not in refused.err


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
