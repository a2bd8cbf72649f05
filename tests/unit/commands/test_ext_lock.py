"""`geminicrm ext lock`."""

import json

import pytest

from tests.support.life import files
from tests.support.wheels import hash_of, put_wheel


@pytest.fixture
def folder(tmp_path):
    """A folder that asks for alpha."""
    return made(tmp_path, ["alpha>=1", "flask"])


@pytest.fixture(autouse=True)
def _pip(index, monkeypatch):
    for name, value in index.environment().items():
        monkeypatch.setenv(name, value)


def made(tmp_path, python):
    folder = tmp_path / "hello_world"
    for name, content in files(requires={"python": python}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_a_lock_file_makes_the_check_pass_and_is_packed(terminal, index, folder):
    put_wheel(index.folder, "alpha", requires=["beta"])
    put_wheel(index.folder, "beta", "2.0")
    assert "missing_requirement" in terminal("ext", "check", str(folder)).out
    locked = terminal("ext", "lock", str(folder))
    assert locked.out.endswith("requirements.lock has 2 packages:\n  alpha 1.0\n  beta 2.0\n")
    assert terminal("ext", "check", str(folder)).code == 0
    assert (folder / "requirements.lock").read_text().startswith("# Made by `geminicrm ext lock`")


def test_it_answers_in_json(terminal, index, folder):
    alpha = put_wheel(index.folder, "alpha")
    answer = terminal("ext", "lock", str(folder), "--json").json()
    package = {"name": "alpha", "version": "1.0", "hashes": [hash_of(alpha)]}
    assert answer == {"file": str(folder / "requirements.lock"), "packages": [package]}


def test_nothing_to_lock(terminal, tmp_path):
    folder = made(tmp_path, ["flask"])
    assert "There is nothing to lock" in terminal("ext", "lock", str(folder)).out
    assert not (folder / "requirements.lock").exists()
    assert terminal("ext", "lock", str(folder), "--json").json() == {"file": None, "packages": []}


def test_what_can_not_be_found_is_told(terminal, folder):
    refused = terminal("ext", "lock", str(folder))
    assert refused.code == 1
    assert "No matching distribution found for alpha>=1" in refused.err


def test_a_conflict_and_a_wrong_manifest_are_told(terminal, tmp_path):
    folder = made(tmp_path, ["Flask<3"])
    assert "Flask is the host's own" in terminal("ext", "lock", str(folder)).err
    (folder / "manifest.json").write_text(json.dumps({"id": 3}))
    assert "/id" in terminal("ext", "lock", str(folder)).err
