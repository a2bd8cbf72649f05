"""Zips that were made to do harm."""

import stat
import struct
import zipfile

import pytest

from geminicrm.runtime.requirements import archive as archives
from geminicrm.runtime.requirements.archive import chunks, opened
from geminicrm.runtime.requirements.problems import WheelWrong
from tests.support.wheels import put_wheel


def refused(path):
    with pytest.raises(WheelWrong) as caught, opened(path):
        pass
    return str(caught.value)


def special(name, kind=stat.S_IFREG):
    info = zipfile.ZipInfo(name)
    info.external_attr = (kind | 0o644) << 16
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "a/../../evil.py",
        "/etc/passwd",
        "a//b.py",
        "./a.py",
        "a\\b.py",
        "a\nb.py",
        "a\x1bb.py",
        "x" * 300,
        "/".join("x" * 401),
        "\u00e4" * 130,
    ],
)
def test_paths_that_leave_the_folder_or_fool_somebody(tmp_path, name):
    path = put_wheel(tmp_path, entries=[(special(name), b"")])
    assert "is no path inside the wheel" in refused(path)


def test_a_name_that_ends_at_a_nul(tmp_path):
    path = put_wheel(tmp_path, entries=[("evil.py_.txt", b"")])
    path.write_bytes(path.read_bytes().replace(b"evil.py_", b"evil.py\x00"))
    assert "is no path inside the wheel" in refused(path)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices(tmp_path, kind):
    path = put_wheel(tmp_path, entries=[(special("link", kind), b"/etc/passwd")])
    assert "'link' is a link or a device" in refused(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_is_there_twice(tmp_path):
    path = put_wheel(tmp_path, entries=[("tiny.py", b"evil = True")])
    assert "has 'tiny.py' twice" in refused(path)


def test_a_file_that_is_a_folder_too(tmp_path):
    path = put_wheel(tmp_path, entries=[("tiny.py/evil.py", b"")])
    assert "has 'tiny.py' both as a file and as a folder" in refused(path)


def test_another_compression(tmp_path):
    info = special("a.py")
    info.compress_type = zipfile.ZIP_LZMA
    path = put_wheel(tmp_path, entries=[(info, b"")])
    assert "packed in another way than deflate" in refused(path)


def test_an_encrypted_entry(tmp_path):
    path = put_wheel(tmp_path)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "is encrypted" in refused(path)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1_000_000)
    path = put_wheel(tmp_path, files={"tiny.py": b"\0" * 1_000_001})
    assert path.stat().st_size < 10_000
    assert "1000000 are allowed for one wheel" in refused(path)


def test_a_bomb_that_lies_about_its_size(tmp_path):
    path = put_wheel(tmp_path, files={"a.py": b"\0" * 1_000_000})
    content = path.read_bytes().replace(struct.pack("<L", 1_000_000), struct.pack("<L", 10))
    path.write_bytes(content)
    with (
        opened(path) as archive,
        pytest.raises(WheelWrong, match="can't be read as a zip"),
    ):
        list(chunks(archive, "a.py"))


def test_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    assert "has too many files; 3 are allowed" in refused(put_wheel(tmp_path))


def test_too_many_files_that_the_end_does_not_tell(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_FILES", 3)
    path = put_wheel(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:-14] + struct.pack("<HH", 1, 1) + content[-10:])
    assert "has 4 files; 3 are allowed" in refused(path)


def test_a_list_that_is_too_long(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "_MAX_LIST_BYTES", 100)
    assert "has too many files" in refused(put_wheel(tmp_path))


def test_too_large(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MAX_WHEEL_BYTES", 100)
    assert "up to 100 are allowed" in refused(put_wheel(tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"#!/bin/sh\n" + content,
        lambda content: content + b"more",
        lambda content: content[:-1] + b"\x04" + b"late",
        lambda content: content[:-22] + b"PK\x06\x07" + b"\0" * 16 + content[-22:],
        lambda content: b"\0" * len(content),
    ],
    ids=["before", "behind", "comment", "large", "nothing"],
)
def test_zips_that_two_readers_read_differently(tmp_path, change):
    path = put_wheel(tmp_path)
    path.write_bytes(change(path.read_bytes()))
    assert "is not a plain zip file" in refused(path)


def test_a_large_zip_whose_locator_hides_inside_the_list(tmp_path):
    path = put_wheel(tmp_path)
    content = path.read_bytes()
    length = struct.unpack("<L", content[-10:-6])[0] + 20
    end = content[-22:-10] + struct.pack("<L", length) + content[-6:]
    path.write_bytes(content[:-22] + b"PK\x06\x07" + b"\0" * 16 + end)
    assert "is not a plain zip file" in refused(path)


def test_a_list_that_is_nonsense(tmp_path):
    path = put_wheel(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"PK\x01\x02", b"XX\x01\x02"))
    assert "can't be read as a zip" in refused(path)


@pytest.mark.parametrize("content", [b"", b"x" * 21])
def test_too_short_for_a_zip(tmp_path, content):
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    path.write_bytes(content)
    assert f"has {len(content)} bytes" in refused(path)


def test_a_folder_is_no_wheel(tmp_path):
    assert "can't be read as a zip" in refused(tmp_path)
