"""`geminicrm ext new | check | pack`."""

import json

import pytest

from tests.support.life import files


@pytest.fixture
def folder(tmp_path):
    """A good extension's folder."""
    made = tmp_path / "hello_world"
    _write(made, files())
    return made


def _write(folder, content):
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_new_makes_an_extension_that_passes_the_check_and_says_what_comes_next(terminal, tmp_path):
    made = terminal("ext", "new", "my-thing", "--name", "My thing")
    assert made.code == 0
    assert "geminicrm ext check my_thing" in made.out
    assert "geminicrm ext install my_thing --unsigned" in made.out
    assert json.loads((tmp_path / "my_thing/manifest.json").read_text())["name"] == "My thing"
    checked = terminal("ext", "check", "my_thing")
    assert (checked.code, checked.out) == (0, "my_thing: 0 errors, 0 warnings\n")


def test_new_answers_in_json(terminal, tmp_path):
    (tmp_path / "place").mkdir()
    answer = terminal("ext", "new", "my-thing", "--in", "place", "--json").json()
    assert answer["folder"] == "place/my_thing"
    assert "extension.py" in answer["files"]


@pytest.mark.parametrize(
    ("name", "reason"), [("My Thing", "is no id"), ("my-thing", "there already")]
)
def test_new_refuses_a_wrong_id_and_a_folder_that_is_there(terminal, tmp_path, name, reason):
    (tmp_path / "my_thing").mkdir()
    refused = terminal("ext", "new", name)
    assert refused.code == 1
    assert reason in refused.err


def test_new_says_where_it_can_not_write(terminal, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "geminicrm.commands.ext_author.create_extension", _refusing(PermissionError("no"))
    )
    refused = terminal("ext", "new", "my-thing")
    assert (refused.code, refused.err) == (1, "Error: . can't be written: no.\n")


def _refusing(error):
    def call(*_given, **_named):
        raise error

    return call


def test_check_lists_errors_before_warnings_with_their_places(terminal, tmp_path):
    folder = tmp_path / "hello_world"
    code = b"import requests\n" + files()["extension.py"]
    content = {**files(icon="static/none.svg", colour="red"), "extension.py": code}
    _write(folder, content)
    found = terminal("ext", "check", "hello_world")
    assert found.code == 1
    lines = found.out.splitlines()
    assert lines[0].startswith("extension.py:1: error: requests goes round")
    assert any(line.startswith("manifest.json: error: ") and "colour" in line for line in lines)
    assert lines[-1].startswith("hello_world: 2 errors")


def test_check_answers_in_json_and_warnings_are_no_failure(terminal, tmp_path):
    _write(tmp_path / "hello_world", files(icon="static/none.svg"))
    found = terminal("ext", "check", "hello_world", "--json")
    assert found.code == 0
    answer = found.json()
    assert answer["ok"] is True
    assert [one["severity"] for one in answer["findings"]] == ["warning"]


def test_check_of_nothing_is_wrong_usage(terminal):
    assert terminal("ext", "check", "nowhere").code == 2


def test_pack_gives_the_same_bytes_twice(terminal, folder, tmp_path):
    first = terminal("ext", "pack", "hello_world", "--json").json()
    assert first["file"] == "hello-world-1.0.0.gcx"
    again = terminal("ext", "pack", "hello_world", "-o", "other.gcx")
    assert again.out == f"other.gcx  {first['digest']}\n"
    packed = (tmp_path / "hello-world-1.0.0.gcx").read_bytes()
    assert packed == (tmp_path / "other.gcx").read_bytes()


def test_pack_refuses_a_folder_with_errors(terminal, folder, tmp_path):
    (folder / "extension.py").write_text("def broken(:\n")
    refused = terminal("ext", "pack", "hello_world")
    assert refused.code == 1
    assert "hello_world has" in refused.err
    assert "extension.py:1: error: This is not Python" in refused.err
    assert not list(tmp_path.glob("*.gcx"))


def test_pack_says_where_it_can_not_write(terminal, folder):
    refused = terminal("ext", "pack", "hello_world", "-o", "no/such/place.gcx")
    assert refused.code == 1
    assert "no/such/place.gcx can't be written" in refused.err
