"""`geminicrm registry add | list | remove | mirror | export | import`, as they are typed."""

import hashlib
from base64 import b64decode
from pathlib import Path

import pytest

from geminicrm.app import Core
from marketplace.publishers.schemas import Profile
from tests.support.core import Tenant
from tests.support.far_registry import FarRegistry
from tests.support.life import HELLO, files, zipped
from tests.support.terminal import Terminal


@pytest.fixture(autouse=True)
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands reach the registry on the loopback."""
    monkeypatch.setenv("GEMINICRM_EGRESS_ALLOW", "127.0.0.1/32")


@pytest.fixture
def published(core: Core, tenant: Tenant) -> Core:
    """Give a core whose own registry has one extension in public."""
    core.marketplace.publishers.sign_up(
        tenant.owner(), Profile(slug="ada", name="Ada", kind="person")
    )
    core.registry.publish(tenant.owner(), zipped(files()))
    return core


def names(terminal: Terminal) -> list[str]:
    return [one["name"] for one in terminal("registry", "list", "--json").json()["data"]]


def test_without_a_key_it_shows_what_it_found_and_adds_nothing(
    terminal: Terminal, far: FarRegistry
):
    ran = terminal("registry", "add", "far", far.url)
    assert ran.code == 1
    assert f"--key {far.key.id}" in ran.err
    wrong = terminal("registry", "add", "far", far.url, "--trust-on-first-use", far.key.id[:-1])
    assert wrong.code == 1
    assert names(terminal) == ["This installation"]


def test_the_key_is_shown_and_asked_about(terminal: Terminal, far: FarRegistry):
    words = ("registry", "add", "far", far.url, "--key", far.key.id)
    assert terminal(*words).code == 1
    assert terminal(*words, typed="n\n").code == 1
    assert names(terminal) == ["This installation"]
    ran = terminal(*words, typed="y\n")
    assert ran.code == 0
    assert f"far shows the key {far.key.id}." in ran.err
    assert names(terminal) == ["This installation", "far"]
    listed = terminal("registry", "list").out
    assert far.key.id[:16] in listed
    assert terminal("registry", "remove", "far").out == "far is removed.\n"


def test_a_fingerprint_that_was_typed_is_believed(terminal: Terminal, far: FarRegistry):
    ran = terminal(
        "registry", "add", "far", far.url, "--trust-on-first-use", far.key.id, "--yes", "--json"
    )
    assert ran.json()["fingerprints"] == [far.key.id]


def test_a_key_in_a_file(terminal: Terminal, far: FarRegistry, tmp_path: Path):
    assert hashlib.sha256(b64decode(far.key.public)).hexdigest() == far.key.id
    for name, content in (("one", far.key.id), ("two", f"{far.key.public}\n")):
        (tmp_path / f"{name}.key").write_text(content)
        ran = terminal(
            "registry", "add", name, far.url, "--key", str(tmp_path / f"{name}.key"), "--yes"
        )
        assert ran.code == 0, ran.err
    (tmp_path / "three.key").write_text("nonsense!")
    for key in (str(tmp_path / "three.key"), "short"):
        assert terminal("registry", "add", "three", far.url, "--key", key, "--yes").code == 2


def test_a_token_from_the_input(terminal: Terminal, far: FarRegistry):
    ran = terminal(
        "registry", "add", "far", far.url, "--key", far.key.id, "--token", "-", "--yes",
        typed="gck_secret\n",
    )  # fmt: skip
    assert ran.code == 0
    assert "Bearer gck_secret" in far.heads[-1]


def test_a_mirror_is_made_and_added(terminal: Terminal, far: FarRegistry, tmp_path: Path):
    folder = tmp_path / "mirror"
    assert terminal("registry", "mirror", far.url, str(folder)).code == 1
    ran = terminal("registry", "mirror", far.url, str(folder), "--key", far.key.id)
    assert ran.out == f"1 versions of 1 extensions are in {folder}.\n"
    again = terminal("registry", "mirror", far.url, str(folder), "--json")
    assert again.json()["versions"] == 1
    ran = terminal("registry", "add", "copy", f"file://{folder}", "--key", far.key.id, "--yes")
    assert ran.code == 0, ran.err


def test_what_is_published_here_is_carried_elsewhere(
    terminal: Terminal, published: Core, tmp_path: Path
):
    bundle = tmp_path / "mine.tar"
    ran = terminal("registry", "export", "-o", str(bundle))
    assert ran.out == f"1 versions of 1 extensions are in {bundle}.\n"
    content = bundle.read_bytes()
    terminal("registry", "export", HELLO, "-o", str(bundle))
    assert bundle.read_bytes() == content
    missing = terminal("registry", "export", "nobody", "-o", str(bundle))
    assert (missing.code, "has no nobody" in missing.err) == (1, True)
    (key,) = published.marketplace.keys.pinned().of_state("active")
    assert terminal("registry", "import", str(bundle)).code == 1
    ran = terminal("registry", "import", str(bundle), "--key", key)
    assert ran.out == f"mine is a registry of this CRM now, from {bundle}.\n"
    assert names(terminal) == ["This installation", "mine"]


def test_what_is_no_bundle(terminal: Terminal, tmp_path: Path):
    (tmp_path / "no.tar").write_bytes(b"nonsense")
    ran = terminal("registry", "import", str(tmp_path / "no.tar"), "--key", "0" * 64)
    assert ran.code == 1
    assert "can't be read as a tar file" in ran.err
