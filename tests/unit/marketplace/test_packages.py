"""Packages: the same bytes each time, and nothing of a stranger's gets past the limits."""

import io
import json
import os
import stat
import struct
import tempfile
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.runtime.package_rules import MAX_ENTRIES, MAX_PACKAGE_BYTES
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


def zipped(files, **fields):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            info = zipfile.ZipInfo("x", (2020, 1, 1, 0, 0, 0))
            info.filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            for field, value in fields.get(name.replace(".", "_"), {}).items():
                setattr(info, field, value)
            archive.writestr(info, content)
    return made.getvalue()


def codes(data):
    with pytest.raises(PackageInvalid) as caught:
        open_package(data)
    return [found.code for found in caught.value.findings]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "my_extension"
    (made / "static").mkdir(parents=True)
    (made / "manifest.json").write_bytes(MANIFEST)
    (made / "extension.py").write_text("x = 1\n")
    (made / "static" / "icon.svg").write_text("<svg/>")
    return made


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


def test_the_same_files_give_the_same_bytes(folder, tmp_path):
    first = pack(folder, tmp_path / "a").path.read_bytes()
    old = os.umask(0o077)
    try:
        for path in [*folder.rglob("*"), folder]:
            os.utime(path, (1, 1))
            path.chmod(0o700)
        (folder / ".hidden").write_text("x")
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "x.pyc").write_bytes(b"x")
        second = pack(folder, tmp_path / "b").path.read_bytes()
    finally:
        os.umask(old)
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


@pytest.mark.parametrize("top", ["", "my_extension/"])
def test_a_plain_zip_of_the_folder(top):
    files = [
        (f"{top}manifest.json", MANIFEST),
        (f"{top}static/", b""),
        (f"{top}static/a.js", b"1"),
        (f"{top}__pycache__/a.pyc", b"x"),
        ("__MACOSX/._a", b"x"),
        (f"{top}.DS_Store", b"x"),
    ]
    assert open_package(zipped(files)).files == {"manifest.json": MANIFEST, "static/a.js": b"1"}


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("a.txt", b"")],
        [("a/manifest.json", MANIFEST), ("b/x", b"")],
        [("a/b/manifest.json", MANIFEST)],
        [("a/.manifest.json", MANIFEST)],
    ],
    ids=range(5),
)
def test_a_package_needs_a_manifest(files):
    assert codes(zipped([("a/x", b""), *files])) == ["missing_manifest"]


@pytest.mark.parametrize("manifest", [b"", b"[]", b'{"id": "x"}'])
def test_a_package_needs_an_identity(manifest):
    assert codes(zipped([("manifest.json", manifest)]))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../evil.py", "wrong_path"),
        ("a/../../evil.py", "wrong_path"),
        ("/etc/cron.d/evil", "wrong_path"),
        ("C:/evil", "wrong_path"),
        ("a\\..\\evil", "wrong_path"),
        ("a//b", "wrong_path"),
        ("./a", "wrong_path"),
        ("a\nb", "wrong_path"),
        ("nul.txt", "wrong_path"),
        ("../", "wrong_path"),
        ("MANIFEST.json", "case_clash"),
        ("manifest.json/x", "case_clash"),
    ],
)
def test_names_that_escape_or_clash(name, code):
    assert codes(zipped([("manifest.json", MANIFEST), (name, b"")])) == [code]


def test_a_name_with_a_nul_is_refused():
    data = zipped([("manifest.json", MANIFEST), ("evilXpy", b"")]).replace(b"evilX", b"evil\x00")
    assert codes(data) == ["wrong_path"]


def test_entries_that_come_twice():
    data = zipped([("manifest.json", MANIFEST), ("aXb", b"1"), ("aYb", b"2")]).replace(b"aY", b"aX")
    assert codes(data) == ["duplicate_entry"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"external_attr": (stat.S_IFLNK | 0o777) << 16}, "not_a_file"),
        ({"external_attr": stat.S_IFIFO << 16}, "not_a_file"),
        ({"external_attr": stat.S_IFCHR << 16}, "not_a_file"),
        ({"external_attr": stat.S_IFDIR << 16}, "not_a_file"),
        ({"compress_type": zipfile.ZIP_LZMA}, "compression"),
        ({"compress_type": zipfile.ZIP_BZIP2}, "compression"),
    ],
    ids=["link", "pipe", "device", "folder", "lzma", "bzip2"],
)
def test_entries_of_other_kinds(fields, code):
    data = zipped([("manifest.json", MANIFEST), ("x", b"/etc/passwd")], x=fields)
    assert codes(data) == [code]


def test_an_encrypted_entry():
    data = bytearray(zipped([("manifest.json", MANIFEST)]))
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<H", data, central + 8, 1)
    assert codes(bytes(data)) == ["encrypted"]


def test_a_bomb():
    assert codes(zipped([("manifest.json", MANIFEST), ("x", bytes(10_000_000))])) == ["bomb"]


def test_many_files_that_unpack_to_too_much():
    block = os.urandom(5_000) * 10
    files = [(f"x{number}", block * 20) for number in range(106)]
    assert set(codes(zipped([("manifest.json", MANIFEST), *files]))) == {"too_large"}


def test_a_size_that_lies():
    data = bytearray(zipped([("manifest.json", MANIFEST), ("x", b"y" * 1_000)]))
    struct.pack_into("<I", data, data.rindex(b"PK\x01\x02") + 24, 10)
    assert codes(bytes(data)) == ["not_a_zip"]


def test_too_many_entries():
    files = [(f"x{number}", b"") for number in range(MAX_ENTRIES)]
    assert codes(zipped([("manifest.json", MANIFEST), *files])) == ["too_many_files"]


def test_a_huge_list_of_entries_is_not_even_read():
    data = b"PK\x03\x04" + b"PK\x01\x02" * 4_000_000
    started = time.process_time()
    assert codes(data) == ["too_many_files"]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_zip"),
        (b"PK\x03\x04", "not_a_zip"),
        (b"#!/bin/sh\n" + zipped([("manifest.json", MANIFEST)]), "not_a_zip"),
        (zipped([("manifest.json", MANIFEST)])[:-10], "not_a_zip"),
        (bytes(MAX_PACKAGE_BYTES + 1), "too_large"),
    ],
    ids=["nothing", "mark", "prefix", "cut", "large"],
)
def test_what_is_no_package(data, code):
    assert codes(data) == [code]


def test_all_findings_come_together():
    data = zipped([("manifest.json", MANIFEST), ("../x", b""), ("/y", b""), ("z", bytes(10**6))])
    assert codes(data) == ["wrong_path", "wrong_path", "bomb"]


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


BASE = zipped([("manifest.json", MANIFEST), ("static/a.js", b"1" * 50), ("README.md", b"x")])


@given(st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.integers(0, 255)), max_size=8))
def test_changed_bytes_give_a_package_or_findings(changes):
    data = bytearray(BASE)
    for place, value in changes:
        data[place] = value
    outcome = io.StringIO()
    try:
        outcome.write(open_package(bytes(data)).digest)
    except PackageInvalid as error:
        outcome.write(error.findings[0].code)
    assert outcome.getvalue()


@pytest.fixture
def opened():
    files = {"manifest.json": MANIFEST, "a/b/c.py": b"x = 1\n"}
    return PackageFiles("sha256:0", "my-extension", "1.0.0", files)


def test_extracting_writes_plain_files(opened, tmp_path):
    old = os.umask(0o077)
    try:
        extract(opened, tmp_path / "target")
    finally:
        os.umask(old)
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
    sync = packages._sync  # noqa: SLF001 - the race is between writing and publishing

    def other_worker(folder):
        target.mkdir(exist_ok=True)
        (target / "theirs").write_text("x")
        sync(folder)

    monkeypatch.setattr(packages, "_sync", other_worker)
    extract(opened, target)
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert [path.name for path in target.iterdir()] == ["theirs"]


def test_a_failure_leaves_nothing_behind(opened, tmp_path):
    (tmp_path / "target").write_text("a file, so no folder can take its place")
    with pytest.raises(OSError, match="target"):
        extract(opened, tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
