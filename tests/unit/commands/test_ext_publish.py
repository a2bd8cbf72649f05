"""`geminicrm ext sign | publish` and `geminicrm registry keys`."""

from pathlib import Path

import pytest

from geminicrm.app import Core, create_app
from geminicrm.commands.ext_publish import TOKEN_VARIABLE
from marketplace.publishers.schemas import Profile
from marketplace.publishers.tokens import TokenWish
from marketplace.signed_package import split_package
from tests.support.browser import serving
from tests.support.core import Tenant
from tests.support.life import files, zipped
from tests.support.ports import free_port


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Give a package in the folder that commands run in."""
    path = tmp_path / "hello.gcx"
    path.write_bytes(zipped(files()))
    return path


@pytest.fixture
def acme(core: Core, tenant: Tenant) -> str:
    """Sign up; give a publishing token."""
    publishers = core.marketplace.publishers
    publishers.sign_up(tenant.owner(), Profile(slug="acme", name="Acme", kind="person"))
    return publishers.tokens.create(tenant.owner(), "acme", TokenWish(name="CI")).secret


@pytest.fixture
def key(core: Core, tenant: Tenant, terminal, acme: str) -> str:
    """Make a key by command and add it to the publisher; give its id."""
    assert acme
    made = terminal("ext", "sign", "--new-key", "my.pem", "--json").json()
    core.marketplace.publishers.keys.add(tenant.owner(), "acme", "Laptop", made["public"])
    return str(made["key_id"])


def test_a_package_is_signed(terminal, package: Path, key: str):
    before = package.read_bytes()
    ran = terminal("ext", "sign", "hello.gcx", "--key", "my.pem", "--json").json()
    bare, signature = split_package(package.read_bytes())

    assert bare == before
    assert signature is not None
    assert (signature.key_id, ran["key_id"]) == (key, key)
    assert ran["digest"].startswith("sha256:")
    assert sorted(one.name for one in package.parent.glob("*hello*")) == ["hello.gcx"]


def test_a_key_is_made_and_used_at_once(terminal, package: Path):
    ran = terminal("ext", "sign", "hello.gcx", "--new-key", "new.pem")

    assert "hello.gcx is signed" in ran.out
    assert (package.parent / "new.pem").stat().st_mode & 0o777 == 0o600
    again = terminal("ext", "sign", "--new-key", "new.pem")
    assert (again.code, "can't be made" in again.err) == (1, True)


@pytest.mark.usefixtures("package")
def test_wrong_usage_of_sign(terminal):
    assert terminal("ext", "sign", "hello.gcx").code == 2
    assert terminal("ext", "sign", "--key", "hello.gcx").code == 2
    bad = terminal("ext", "sign", "hello.gcx", "--key", "hello.gcx")
    assert (bad.code, "can be read by others" in bad.err) == (1, True)


def test_what_is_no_package_is_not_signed(terminal, package: Path, key: str):
    assert key
    package.write_bytes(b"nothing")
    assert terminal("ext", "sign", "hello.gcx", "--key", "my.pem").code == 1
    assert package.read_bytes() == b"nothing"


@pytest.mark.usefixtures("package")
def test_a_signed_version_is_published_here(terminal, key: str):
    words = ("ext", "publish", "hello.gcx", "--publisher", "acme", "--sign", "my.pem")
    ran = terminal(*words)

    assert ran.out == f"hello-world 1.0.0 is published, signed by {key[:16]}.\n"
    assert terminal(*words, "--json").json()["signed_by"] == key
    assert "was published before" in terminal(*words).out


@pytest.mark.usefixtures("package")
def test_a_signed_version_is_installed_without_more_ado(terminal, core: Core, tenant: Tenant, key):
    terminal("ext", "publish", "hello.gcx", "--publisher", "acme", "--sign", "my.pem")
    plan = core.life_cycle.plan(tenant.owner(), "hello-world")

    assert (plan.signed, plan.built_in) == (True, False)
    assert core.marketplace.source.find(tenant.id, "hello-world", None).signature.key_id == key


@pytest.mark.usefixtures("package")
def test_without_a_publisher_it_is_the_workspaces_own(terminal, core: Core, tenant: Tenant):
    assert "not signed" in terminal("ext", "publish", "hello.gcx").out
    assert core.registry.get(tenant.owner(), "hello-world")[0].publisher == "North"


@pytest.mark.usefixtures("package")
def test_a_registry_elsewhere_takes_it_with_a_token(
    terminal, core: Core, acme: str, key: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(TOKEN_VARIABLE, acme)
    with serving(create_app(core=core)) as address:
        words = ("ext", "publish", "hello.gcx", "--sign", "my.pem", "--url", address)
        first, again = terminal(*words), terminal(*words)
        refused = terminal("ext", "publish", "hello.gcx", "--url", address, "--publisher", "bolt")

    assert f"is published, signed by {key[:16]}." in first.out
    assert "was published before" in again.out
    assert refused.code == 1
    assert "This token may not do this (403)" in refused.err


@pytest.mark.usefixtures("package")
def test_a_token_may_come_from_a_file(terminal, core: Core, acme: str, tmp_path: Path):
    (tmp_path / "token").write_text(f"{acme}\n")
    with serving(create_app(core=core)) as address:
        ran = terminal("ext", "publish", "hello.gcx", "--url", address, "--token-file", "token")

    assert "hello-world 1.0.0 is published, not signed.\n" in ran.out


@pytest.mark.usefixtures("package")
def test_findings_of_a_registry_elsewhere_are_told(
    terminal, core: Core, acme: str, package: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(TOKEN_VARIABLE, acme)
    package.write_bytes(zipped(files(permissions=["read:everything"])))
    with serving(create_app(core=core)) as address:
        ran = terminal("ext", "publish", "hello.gcx", "--url", address)

    assert ran.code == 1
    assert "/permissions/0" in ran.err


@pytest.mark.usefixtures("package")
def test_a_token_is_needed_and_never_travels_in_clear(terminal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert terminal("ext", "publish", "hello.gcx", "--url", "https://crm.example").code == 2
    monkeypatch.setenv(TOKEN_VARIABLE, "gck_x")
    clear = terminal("ext", "publish", "hello.gcx", "--url", "http://crm.example")
    assert (clear.code, "in clear" in clear.err) == (2, True)


@pytest.mark.usefixtures("package")
def test_a_registry_that_is_away_is_told(terminal, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(TOKEN_VARIABLE, "gck_x")
    ran = terminal("ext", "publish", "hello.gcx", "--url", f"http://127.0.0.1:{free_port()}")
    assert (ran.code, "does not answer" in ran.err) == (1, True)


def test_the_registrys_keys_are_shown_rotated_and_revoked(terminal):
    first = terminal("registry", "keys", "--json").json()
    assert [one["state"] for one in sorted(first["keys"], key=lambda one: one["state"])] == [
        "active", "next",
    ]  # fmt: skip
    active = next(one["id"] for one in first["keys"] if one["state"] == "active")
    rotated = terminal("registry", "keys", "--rotate", "--json").json()
    assert rotated["serial"] == 2
    shown = terminal("registry", "keys", "--revoke", active)
    assert [line.split()[0] for line in shown.out.splitlines()] == [
        "state", "active", "next", "revoked",
    ]  # fmt: skip
    assert terminal("registry", "keys", "--rotate", "--revoke", active).code == 2
