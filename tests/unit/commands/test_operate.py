"""The operator's commands, called as they are on a terminal."""

import sqlite3
import subprocess
import sys

import orjson
import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

from geminicrm import cli
from geminicrm.kernel.crypto import Cipher
from geminicrm.runtime.models import Installation
from marketplace.offer import built_in_folder
from tests.support.core import make_settings


@pytest.fixture
def environ(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = {
        "GEMINICRM_ENV": "test",
        "GEMINICRM_HOME": str(tmp_path / "home"),
        "PORT": "18999",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return values


@pytest.fixture
def run(environ):
    def call(*words, code=0):
        result = CliRunner().invoke(cli.group(), words, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.stdout

    return call


def _subprocess(*words):
    return subprocess.run(
        [sys.executable, "-m", "geminicrm", *words], capture_output=True, text=True, check=False
    )


def test_wrong_usage_ends_with_2_and_a_refusal_with_1(environ):
    wrong = _subprocess("serve", "--nonsense")
    assert wrong.returncode == 2
    assert "No such option" in wrong.stderr
    refused = _subprocess("users", "create", "--email", "x@y.example", "--workspace", "nowhere")
    assert refused.returncode == 1


def test_a_wrong_setting_is_said_without_a_trace(environ, monkeypatch):
    monkeypatch.setenv("PORT", "many")
    refused = _subprocess("doctor", "--json")
    assert refused.returncode == 1
    checks = orjson.loads(refused.stdout)["checks"]
    assert "PORT is 'many'; expected a port" in checks[-1]["detail"]
    stopped = _subprocess("web")
    assert (stopped.returncode, stopped.stdout) == (1, "")
    assert stopped.stderr.strip() == "PORT is 'many'; expected a port from 1 to 65535."


def test_every_wrong_value_of_a_command_is_a_line_of_its_own(run, environ):
    run("demo")
    refused = _subprocess(
        "tokens", "create", "--user", "owner@demo.example", "--scopes", "read:minds write:wrongs"
    )
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) == 2


def test_the_demo_is_made_once(run, tmp_path):
    first = orjson.loads(run("demo", "--json"))
    assert orjson.loads(run("demo", "--json")) == first
    assert first["email"] == "owner@demo.example"
    (tmp_path / "home" / "demo.json").unlink()
    refused = _subprocess("demo")
    assert refused.returncode == 1
    assert "demo.json" in refused.stderr


def test_users_and_tokens_are_made(run):
    run("db", "upgrade")
    words = ("users", "create", "--email", "eve@acme.example", "--workspace", "acme")
    made = orjson.loads(run(*words, "--new-workspace", "--role", "admin", "--json"))
    assert made["workspace"] == "acme"
    assert len(made["password"]) >= 10
    text = run(
        "users", "create", "--email", "bob@acme.example", "--password", "a long password",
        "--workspace", "acme", "--new-workspace",
    )  # fmt: skip
    assert "password" not in text
    token = orjson.loads(
        run("tokens", "create", "--user", "eve@acme.example", "--scopes", "read:leads", "--json")
    )
    assert token["scopes"] == ["read:leads"]
    assert token["token"].startswith("gck_")
    assert token["expires_at"].endswith("Z")


def test_the_workspace_must_be_clear(run):
    run("db", "upgrade")
    none = _subprocess("tokens", "create", "--user", "x@y.example", "--scopes", "read:leads")
    assert "There are: none; run `geminicrm demo`" in none.stderr
    for slug in ("acme", "bolt"):
        run(
            "users", "create", "--email", f"eve@{slug}.example", "--workspace", slug,
            "--new-workspace",
        )  # fmt: skip
    several = _subprocess("tokens", "create", "--user", "x@y.example", "--scopes", "read:leads")
    assert "Name one with --workspace. There are: acme, bolt" in several.stderr


def test_the_doctor_says_what_to_mend(run):
    ill = run("doctor", code=1)
    assert "geminicrm db upgrade" in ill
    run("db", "upgrade")
    well = orjson.loads(run("doctor", "--json"))
    assert well["ok"]
    assert {check["name"] for check in well["checks"]} >= {"python", "disk", "database", "port"}


def test_the_doctor_looks_at_redis_and_the_port(run, environ, monkeypatch, redis_url):
    run("db", "upgrade")
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert "ok    redis" in run("doctor")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("PORT", redis_url.rpartition(":")[2].partition("/")[0])
    ill = run("doctor", code=1)
    assert "MEND  redis" in ill
    assert "MEND  port" in ill
    monkeypatch.setenv("GEMINICRM_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert "MEND  database" in run("doctor", code=1)


def test_a_new_key_is_a_key(run):
    assert Fernet(run("keys", "new").strip())


def test_rotating_puts_a_new_key_in_front_and_encrypts_anew(run, environ, tmp_path):
    run("demo")
    home = tmp_path / "home"
    old = (home / "keys").read_text().split()
    settings = make_settings(home, GEMINICRM_ENCRYPTION_KEYS=old[0])
    assert settings.home == home
    _store_secret(home, Cipher(old).encrypt("s3cret"))
    own = len(list(built_in_folder().glob("*/manifest.json")))
    # Beside each package that came with the CRM: the registry's two keys, and the one stored here.
    assert f"{own + 3} secrets encrypted" in run("keys", "rotate")
    keys = (home / "keys").read_text().split()
    assert keys[1:] == old
    assert Cipher(keys[:1]).decrypt(_stored_secret(home)) == "s3cret"


def test_rotating_with_keys_from_the_environment_uses_the_first(run, tmp_path, monkeypatch):
    run("demo")
    home = tmp_path / "home"
    old = (home / "keys").read_text().split()
    new = Fernet.generate_key().decode()
    _store_secret(home, Cipher(old).encrypt("s3cret"))
    monkeypatch.setenv("GEMINICRM_ENCRYPTION_KEYS", f"{new},{old[0]}")
    run("keys", "rotate")
    assert Cipher([new]).decrypt(_stored_secret(home)) == "s3cret"


def _database(home):
    return sqlite3.connect(home / "geminicrm.db")


def _store_secret(home, sealed):
    columns = {column.name: _filler(column) for column in Installation.__table__.columns}
    connection = _database(home)
    workspace = connection.execute("SELECT id FROM workspaces").fetchone()[0]
    columns |= {"workspace_id": workspace, "secrets": sealed}
    names, marks = ", ".join(columns), ", ".join("?" for _ in columns)
    connection.execute(f"INSERT INTO installations ({names}) VALUES ({marks})", [*columns.values()])  # noqa: S608 - our own column names
    connection.commit()
    connection.close()


def _filler(column):
    return {"JSON": "[]", "BOOLEAN": 0, "INTEGER": 1, "DATETIME": "2026-01-01 00:00:00"}.get(
        str(column.type), "x"
    )


def _stored_secret(home):
    connection = _database(home)
    (sealed,) = connection.execute("SELECT secrets FROM installations").fetchone()
    connection.close()
    return sealed
