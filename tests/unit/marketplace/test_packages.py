"""Packing the same bytes each time, and extracting whole or not at all."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES
from marketplace import package_reader, packages
from marketplace.packages import (
    PackageFiles,
    PackageInvalid,
    extract,
    open_package,
    pack,
    package_digest,
)

MANIFEST = json.dumps({"id": "my-extension", "version": "1.0.0"}).encode()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "my_extension"
    (made / "static").mkdir(parents=True)
    (made / "manifest.json").write_bytes(MANIFEST)
    (made / "extension.py").write_text("x = 1\n")
    (made / "static" / "icon.svg").write_text("<svg/>")
    return made


@pytest.fixture
def narrow_umask():
    old = os.umask(0o077)
    yield
    os.umask(old)


def test_exports():
    assert packages.__all__ == [
        "PackageFiles",
        "PackageInvalid",
        "PackedFile",
        "extract",
        "open_package",
        "pack",
        "package_digest",
    ]


def test_packing_gives_name_digest_and_identity(folder, tmp_path):
    packed = pack(folder, tmp_path)
    assert packed.path == tmp_path / "my-extension-1.0.0.gcx"
    assert packed.digest == package_digest(packed.path.read_bytes())
    assert (packed.id, packed.version) == ("my-extension", "1.0.0")
    assert packed.digest.startswith("sha256:")


def test_a_file_may_be_named(folder, tmp_path):
    assert pack(folder, tmp_path / "out.gcx").path == tmp_path / "out.gcx"


@pytest.mark.usefixtures("narrow_umask")
def test_the_same_files_give_the_same_bytes(folder, tmp_path):
    first = pack(folder, tmp_path / "a").path.read_bytes()
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (1, 1))
        path.chmod(0o700)
    (folder / ".hidden").write_text("x")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"x")
    second = pack(folder, tmp_path / "b").path.read_bytes()
    assert first == second


def test_packing_again_replaces_the_file_whole(folder, tmp_path):
    pack(folder, tmp_path)
    (folder / "extension.py").write_text("x = 2\n")
    packed = pack(folder, tmp_path)
    assert open_package(packed.path.read_bytes()).files["extension.py"] == b"x = 2\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "my-extension-1.0.0.gcx",
        "my_extension",
    ]


def test_a_folder_that_can_not_be_packed_says_why(folder, tmp_path):
    (folder / "manifest.json").unlink()
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "a\\b").write_text("")
    (folder / "LINK").write_text("")
    with pytest.raises(PackageInvalid) as caught:
        pack(folder, tmp_path)
    assert [found.code for found in caught.value.findings] == [
        "wrong_path",
        "case_clash",
        "not_a_file",
        "missing_manifest",
    ]


def test_a_folder_with_a_wrong_identity_is_refused(folder, tmp_path):
    (folder / "manifest.json").write_text('{"id": "../../x", "version": "1"}')
    with pytest.raises(PackageInvalid) as caught:
        pack(folder, tmp_path)
    assert [found.pointer for found in caught.value.findings] == ["/id", "/version"]


def test_a_folder_that_packs_too_large_is_refused(folder, tmp_path):
    (folder / "noise").write_bytes(os.urandom(MAX_PACKAGE_BYTES + 1))
    with pytest.raises(PackageInvalid, match="bytes"):
        pack(folder, tmp_path)
    assert list(tmp_path.glob("*.gcx")) == []


def test_a_failed_write_leaves_nothing(folder, tmp_path):
    with pytest.raises(FileNotFoundError):
        pack(folder, tmp_path / "no" / "such")
    assert [path.name for path in tmp_path.iterdir()] == ["my_extension"]


def test_an_opened_package(folder, tmp_path):
    packed = pack(folder, tmp_path)
    opened = open_package(packed.path.read_bytes())
    assert (opened.digest, opened.id, opened.version) == (
        packed.digest,
        "my-extension",
        "1.0.0",
    )
    assert opened.manifest == MANIFEST
    assert list(opened.files) == ["extension.py", "manifest.json", "static/icon.svg"]


NAMES = st.text("abcXYZ019_-. é", min_size=1, max_size=8).filter(
    lambda name: package_reader.is_packed(name) and not package_reader.name_problem(name)
)


@given(st.dictionaries(NAMES, st.binary(max_size=200), max_size=6))
def test_a_package_gives_back_the_files(files):
    unique = {name: files[name] for name in {name.casefold(): name for name in files}.values()}
    whole = {**unique, "manifest.json": MANIFEST}
    with tempfile.TemporaryDirectory() as place:
        folder, target = Path(place) / "a", Path(place) / "b"
        folder.mkdir()
        for name, content in whole.items():
            (folder / name).write_bytes(content)
        data = pack(folder, Path(place)).path.read_bytes()
        extract(open_package(data), target)
        again = {path.name: path.read_bytes() for path in target.iterdir()}
        assert again == whole
        assert pack(target, Path(place)).path.read_bytes() == data


@pytest.fixture
def opened():
    files = {"manifest.json": MANIFEST, "a/b/c.py": b"x = 1\n"}
    return PackageFiles("sha256:0", "my-extension", "1.0.0", files)


@pytest.mark.usefixtures("narrow_umask")
def test_extracting_writes_plain_files(opened, tmp_path):
    extract(opened, tmp_path / "target")
    assert (tmp_path / "target/a/b/c.py").read_bytes() == b"x = 1\n"
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.rglob("*")}
    assert modes == {
        "target": "0o755",
        "a": "0o755",
        "b": "0o755",
        "c.py": "0o644",
        "manifest.json": "0o644",
    }


def test_a_published_folder_never_changes(opened, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "mine").write_text("x")
    extract(opened, target)
    assert [path.name for path in target.iterdir()] == ["mine"]


def test_losing_the_race_is_no_error(opened, tmp_path, monkeypatch):
    target = tmp_path / "target"
    sync = packages.sync_folder  # the race is between writing and publishing

    def other_worker(folder):
        target.mkdir(exist_ok=True)
        (target / "theirs").write_text("x")
        sync(folder)

    monkeypatch.setattr(packages, "sync_folder", other_worker)
    extract(opened, target)
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert [path.name for path in target.iterdir()] == ["theirs"]


def test_a_failure_leaves_nothing_behind(opened, tmp_path):
    (tmp_path / "target").write_text("a file, so no folder can take its place")
    with pytest.raises(OSError, match="target"):
        extract(opened, tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
