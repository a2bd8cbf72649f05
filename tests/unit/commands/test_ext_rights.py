"""`geminicrm ext permissions | trust | distrust`."""

import pytest

from geminicrm.runtime.enforcement import ENFORCED_WORDS, TRUST_WORDS
from geminicrm.runtime.models import Installation
from marketplace.offer import built_in_folder, offer_builtins
from tests.support.life import manifest

NETWORK = [{"host": "api.example.com", "reason": "Its service."}, {"setting": "url"}]
SETTINGS = [{"id": "url", "type": "url", "label": "Address"}]


@pytest.fixture
def hello(core, terminal):
    """hello-routes is installed; it came with the CRM."""
    offer_builtins(core.registry, built_in_folder())
    assert terminal("ext", "install", "hello-routes", "--yes").code == 0
    return "hello-routes"


def put(core, tenant, **facts):
    """Store the row of hello-world, which came from elsewhere and runs nowhere."""
    made = manifest(**facts)
    with core.works.write(tenant.system()) as work:
        work.session.add(
            Installation(
                id="inst_hello",
                extension_id=made["id"],
                version=made["version"],
                digest="sha256:00",
                manifest=made,
                granted=list(made["permissions"]),
                settings={},
                created_at=work.now,
                updated_at=work.now,
            )
        )
    return made["id"]


@pytest.fixture
def stranger(core, tenant):
    """hello-world is installed; it came from elsewhere."""
    wishes = {"permissions": ["read:leads"], "optional_permissions": ["read:deals"]}
    return put(core, tenant, network=NETWORK, settings=SETTINGS, **wishes)


def test_the_permissions_are_listed_with_their_use(terminal, hello):
    head, row, empty, enforced = terminal("ext", "permissions", hello).out.splitlines()
    assert head.split("  ")[0] == "PERMISSION"
    assert row.split()[:5] == ["read:leads", "yes", "0", "0", "never"]
    assert (empty, enforced) == ("", ENFORCED_WORDS["core"])
    [line] = terminal("ext", "permissions", hello, "--json").json()["data"]
    assert line["reason"] == "Counts the leads for the greeting."


def test_hosts_are_listed_too(terminal, stranger):
    lines = terminal("ext", "permissions", stranger).out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("HOST"))
    assert lines[at + 1].split() == ["api.example.com", "yes", "0", "0", "never", "Its", "service."]
    assert lines[at + 2].startswith("(none yet in url)  no")


def test_permissions_are_taken_and_given(terminal, stranger):
    def granted(*words):
        found = terminal("ext", "permissions", stranger, *words, "--json").json()
        return [line["scope"] for line in found["data"] if line["granted"]]

    assert granted("--remove", "read:leads", "--give", "read:deals") == ["read:deals"]
    assert granted("--give", "read:leads") == ["read:leads", "read:deals"]
    refused = terminal("ext", "permissions", stranger, "--give", "write:deals")
    assert refused.code == 1
    assert "'write:deals'" in refused.err


def test_one_without_permissions_says_so(terminal, core, tenant):
    shown = terminal("ext", "permissions", put(core, tenant, permissions=[])).out
    assert shown.startswith("hello-world asks for no permission.\n")


def test_trust_and_back(terminal, stranger):
    trusted = terminal("ext", "trust", stranger, "--confirm", stranger)
    assert trusted.out.startswith("hello-world is trusted: nobody enforces its permissions")
    assert terminal("ext", "list", "--json").json()["data"][0]["isolation"] == "unsandboxed"
    again = terminal("ext", "distrust", stranger)
    assert again.out.startswith("hello-world runs in a locked process again")
    assert terminal("ext", "list", "--json").json()["data"][0]["isolation"] == "sandboxed"


def test_trust_is_typed_at_a_terminal(terminal, stranger):
    asked = terminal("ext", "trust", stranger, typed="hello-world\n")
    assert TRUST_WORDS in asked.err
    assert asked.code == 0


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        (["--confirm", "hello"], None, "type its id"),
        ([], "hello\n", "type its id"),
        ([], None, "repeat the command with --confirm hello-world"),
    ],
)
def test_a_wrong_word_trusts_nobody(terminal, stranger, words, typed, told):
    refused = terminal("ext", "trust", stranger, *words, typed=typed)
    assert refused.code == 1
    assert told in refused.err
    assert "with the rights of the server" in refused.err


def test_what_came_with_the_crm_is_refused_unasked(terminal, hello):
    refused = terminal("ext", "trust", hello, typed="hello-routes\n")
    assert "came with the CRM" in refused.err
    assert "Its id" not in refused.err


@pytest.mark.parametrize("command", ["permissions", "trust", "distrust"])
def test_what_is_not_installed_is_told(terminal, command):
    refused = terminal("ext", command, "nothing-here")
    assert refused.code == 1
    assert "'nothing-here'" in refused.err
