"""Each rule on a folder that is wrong in just its way."""

import os

import pytest

from geminicrm.runtime.check import folder, paths, run
from geminicrm.runtime.check.folder import CheckFinding, Entry, list_entries, open_folder
from geminicrm.runtime.package_rules import MAX_ENTRIES, MAX_UNPACKED_BYTES

HEAD = "from extensions.extension_base import ExtensionBase, hookimpl\n"
METHODS = (
    "    def install(self): ...\n    def uninstall(self): ...\n    def get_routes(self): ...\n"
)


def test_a_right_folder_has_no_findings(author):
    assert author.check() == []


def test_rules_are_listed_once():
    assert len(set(run.AUTHOR_RULES)) == len(run.AUTHOR_RULES) == 25


def test_findings_of_the_manifest_keep_their_pointer(author):
    author.manifest(version="1", entrypoint="x")
    found = author.check()
    assert [(one.pointer, one.file) for one in found] == [
        ("/entrypoint", "manifest.json"),
        ("/version", "manifest.json"),
    ]
    assert found[0].finding().pointer == "/entrypoint"
    assert str(found[1]).startswith("manifest.json: error: /version: ")


def test_the_core_version_is_passed_on(author):
    author.manifest(requires={"geminicrm": ">=9"})
    assert [one.code for one in author.check(core_version="1.0.0")] == ["needs_other_core"]


def test_a_folder_without_a_manifest(author):
    (author.folder / "manifest.json").unlink()
    assert author.found() == [("error", "missing_manifest", "manifest.json", 0)]


def test_a_manifest_that_is_a_link_is_not_followed(author):
    (author.folder / "manifest.json").rename(author.folder.parent / "elsewhere.json")
    (author.folder / "manifest.json").symlink_to(author.folder.parent / "elsewhere.json")
    codes = [code for _, code, _, _ in author.found()]
    assert codes == ["missing_manifest", "not_a_file"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("x = 1\ndef broken(:\n", 2),
        ("x = 1\x00", 0),
        ("(" * 5000, 1),
        ("x = " + "-" * 50_000 + "1", 0),
        ("x = a" + ".b" * 50_000, 0),
        (b"\xff\xfe", 1),
    ],
    ids=["syntax", "nul", "brackets", "signs", "dots", "bytes"],
)
def test_sources_that_are_no_python(author, source, line):
    author.write("routes.py", source)
    assert [one[1] for one in author.found()] == ["syntax"]
    assert author.check()[0].file == "routes.py"
    assert author.check()[0].line <= max(line, 1)


def test_file_and_line_are_named(author):
    author.write("routes.py", "x = 1\ndef broken(:\n")
    [found] = author.check()
    assert str(found) == "routes.py:2: error: This is not Python: invalid syntax. [syntax]"
    assert found.finding().message == "routes.py:2: This is not Python: invalid syntax."


def test_a_source_is_not_endless(author):
    author.write("routes.py", "#" * (folder.MAX_SOURCE_BYTES + 1))
    assert author.found() == [("error", "source_too_large", "routes.py", 0)]


def test_a_broken_entry_point_is_reported_once(author):
    author.write("extension.py", "class")
    assert [one[1] for one in author.found()] == ["syntax"]


def test_the_entry_point_is_there(author):
    author.manifest(entry_point="extensions.py")
    [found] = author.check()
    assert (found.code, found.pointer) == ("missing_entry_point", "/entry_point")
    assert 'Did you mean "extension.py"?' in found.message


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("x = 1\n", "no_extension_class", 0),
        ("class A: ...\nclass B(A): ...\n", "no_extension_class", 0),
        (
            f"{HEAD}class A(ExtensionBase):\n{METHODS}class B(ExtensionBase):\n{METHODS}",
            "many_extension_classes",
            6,
        ),
        (
            f"{HEAD}class A(ExtensionBase):\n{METHODS}".replace("uninstall", "remove"),
            "missing_method",
            2,
        ),
        (
            f"{HEAD}class Base(ExtensionBase): ...\nclass A(Base):\n{METHODS}".replace("get_", ""),
            "missing_method",
            3,
        ),
    ],
    ids=range(5),
)
def test_the_entry_point_holds_one_class(author, source, code, line):
    author.write("extension.py", source)
    assert author.found() == [("error", code, "extension.py", line)]


@pytest.mark.parametrize(
    "source",
    [
        f"{HEAD}class Anything(ExtensionBase):\n{METHODS}",
        f"from extensions import extension_base\nclass A(extension_base.ExtensionBase):\n{METHODS}",
        f"{HEAD}class Base(ExtensionBase):\n{METHODS}class A(Base): ...\n",
        f"{HEAD}from .routes import Mixin\nclass A(Mixin, ExtensionBase): ...\n",
        f"{HEAD}class Helper(dict[str, int]): ...\nclass A(ExtensionBase):\n{METHODS}",
        f"{HEAD}class A(A, ExtensionBase):\n{METHODS}",
    ],
    ids=["name", "attribute", "inherited", "mixin", "helper", "itself"],
)
def test_classes_that_fit(author, source):
    author.write("extension.py", source)
    assert [one for one in author.found() if one[1] != "no_extension_class"] == []


@pytest.mark.parametrize("name", ["static/page.html", "static/x.exe", "static/noend"])
def test_static_files_are_of_served_types(author, name):
    author.write(name, "x")
    assert author.found() == [("error", "static_type", name, 0)]


@pytest.mark.parametrize("icon", ["static/missing.svg", "README.md"])
def test_a_missing_icon_is_a_warning(author, icon):
    author.manifest(icon=icon)
    assert author.found() == [("warning", "missing_icon", "manifest.json", 0)]


def test_no_icon_is_a_warning(author):
    author.manifest()
    manifest = author.folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(', "icon": "static/icon.svg"', ""))
    assert author.found() == [("warning", "missing_icon", "manifest.json", 0)]


def test_a_missing_readme_is_a_warning(author):
    (author.folder / "README.md").unlink()
    assert author.found() == [("warning", "missing_readme", "", 0)]
    assert str(author.check()[0]).startswith(".: warning: ")


def test_another_folder_name_is_a_warning_for_authors_only(author):
    author.folder = author.folder.rename(author.folder.with_name("other"))
    assert author.found() == [("warning", "folder_name", "", 0)]
    assert run.check_folder(author.folder, known_scopes=()) == []


def test_errors_come_before_warnings(author):
    (author.folder / "README.md").unlink()
    author.write("static/x.exe", "")
    assert [one[0] for one in author.found()] == ["error", "warning"]


def test_links_and_pipes_are_found_and_not_followed(author):
    (author.folder / "link.py").symlink_to("/etc/passwd")
    (author.folder / "sub").symlink_to("/etc")
    os.mkfifo(author.folder / "pipe")
    assert sorted(author.found()) == [
        ("error", "not_a_file", "link.py", 0),
        ("error", "not_a_file", "pipe", 0),
        ("error", "not_a_file", "sub", 0),
    ]


def test_names_and_clashes(author):
    author.write("static/a.TXT", "")
    author.write("static/A.txt", "")
    author.write("back\\slash", "")
    assert author.found() == [
        ("error", "wrong_path", "back\\slash", 0),
        ("error", "case_clash", "static/a.TXT", 0),
    ]


def test_hidden_files_and_caches_do_not_count(author):
    author.write(".git/config", "")
    author.write("__pycache__/x.pyc", b"\x00")
    author.write("sub/.hidden", "")
    assert author.check() == []
    assert ".git/config" not in list_entries(author.folder)


def test_the_number_of_files_is_limited(author):
    for number in range(MAX_ENTRIES):
        (author.folder / f"x{number}").touch()
    assert author.found()[0] == ("error", "too_many_files", "", 0)


def test_listing_stops_soon_after_the_limit(author):
    for place in ("a", "b"):
        author.write(f"{place}/x", "")
        for number in range(MAX_ENTRIES):
            (author.folder / place / f"x{number}").touch()
    assert len(list_entries(author.folder)) < MAX_ENTRIES + 20


def test_the_size_is_limited(author):
    seen = open_folder(author.folder, known_scopes=())
    seen.entries["big"] = Entry(MAX_UNPACKED_BYTES, "file")
    assert [one.code for one in paths.check(seen)] == ["too_large"]


def test_a_finding_without_a_line():
    found = CheckFinding(severity="error", code="x", message="Wrong.", file="a.py")
    assert str(found) == "a.py: error: Wrong. [x]"
