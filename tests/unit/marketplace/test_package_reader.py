"""Packages of strangers: nothing gets past the limits, and every reason is told."""

import io
import json
import os
import stat
import struct
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.runtime.package_rules import MAX_ENTRIES, MAX_PACKAGE_BYTES
from marketplace.package_reader import PackageInvalid, open_package

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


def outcome_of(data):
    try:
        return open_package(data).digest
    except PackageInvalid as error:
        return error.findings[0].code


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
    assert codes(bytes(data)) == ["disagreement"]


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


BASE = zipped([("manifest.json", MANIFEST), ("static/a.js", b"1" * 50), ("README.md", b"x")])


@given(st.lists(st.tuples(st.integers(0, len(BASE) - 1), st.integers(0, 255)), max_size=8))
def test_changed_bytes_give_a_package_or_findings(changes):
    data = bytearray(BASE)
    for place, value in changes:
        data[place] = value
    assert outcome_of(bytes(data))
