"""Package folders: whole or absent, held while needed, collected when old."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from geminicrm.runtime.install.files import (
    clear,
    collect,
    collect_temporary,
    held,
    inside,
    place_tree,
    same_tree,
    take_away,
    write_tree,
)

FILES = {"manifest.json": b"{}", "static/a/icon.svg": b"<svg/>"}


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a\\x", "", "."])
def test_paths_that_leave_are_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="no path inside"):
        write_tree(tmp_path, {name: b""})
    assert list(tmp_path.iterdir()) == []


def test_paths_that_stay_are_kept():
    assert inside("a/b.py").as_posix() == "a/b.py"


def test_a_folder_appears_whole(tmp_path: Path):
    place_tree(tmp_path / "abc", FILES)
    assert same_tree(tmp_path / "abc", FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]


def test_a_folder_that_fails_half_way_is_not_there(tmp_path: Path):
    with pytest.raises(ValueError, match="no path inside"):
        place_tree(tmp_path / "abc", {**FILES, "../out": b""})
    assert list(tmp_path.iterdir()) == []


def test_every_difference_is_seen(tmp_path: Path):
    folder = tmp_path / "abc"
    place_tree(folder, FILES)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"cache")
    assert same_tree(folder, FILES)
    (folder / "extra.py").write_bytes(b"")
    assert not same_tree(folder, FILES)
    (folder / "extra.py").unlink()
    (folder / "manifest.json").write_bytes(b"[]")
    assert not same_tree(folder, FILES)
    (folder / "manifest.json").unlink()
    (tmp_path / "elsewhere").write_bytes(b"{}")
    (folder / "manifest.json").symlink_to(tmp_path / "elsewhere")
    assert not same_tree(folder, FILES)


def test_only_the_last_holder_is_alone(tmp_path: Path):
    with held(tmp_path / "packages") as first:
        with held(tmp_path / "packages"):
            assert not first.alone()
        assert first.alone()


def test_old_folders_that_nobody_uses_are_collected(tmp_path: Path):
    for name in ("used", "old", "young"):
        place_tree(tmp_path / name, FILES)
    for name in ("used", "old"):
        os.utime(tmp_path / name, (0, 0))
    with held(tmp_path):
        assert collect(tmp_path, lambda: {"used"}, 60) == []
    assert collect(tmp_path, lambda: {"used"}, 60) == ["old"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "used", "young"]


def test_a_folder_disappears_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def die(_path: Path) -> None:
        raise KeyboardInterrupt

    place_tree(tmp_path / "abc", FILES)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", die)
        with pytest.raises(KeyboardInterrupt):
            take_away(tmp_path / "abc")
    assert not (tmp_path / "abc").exists()
    clear(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_was_left_half_made_is_cleared(tmp_path: Path):
    place_tree(tmp_path / "abc", FILES)
    (tmp_path / ".new-folder").mkdir()
    (tmp_path / ".new-file").write_bytes(b"half")
    clear(tmp_path)
    clear(tmp_path / "none")
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]


def test_temporary_folders_of_the_killed_are_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("geminicrm-check-a", "geminicrm-pack-young", "geminicrm-other-b", "else-check-c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(b"x")
        os.utime(tmp_path / name, (0, 0))
    os.utime(tmp_path / "geminicrm-pack-young")
    (tmp_path / "geminicrm-check-link").symlink_to(tmp_path / "geminicrm-other-b")
    (tmp_path / "geminicrm-check-file").write_bytes(b"x")
    os.utime(tmp_path / "geminicrm-check-file", (0, 0))
    collect_temporary(60)
    assert {path.name for path in tmp_path.iterdir()} == {
        "geminicrm-pack-young",
        "geminicrm-other-b",
        "else-check-c",
        "geminicrm-check-link",
        "geminicrm-check-file",
    }
