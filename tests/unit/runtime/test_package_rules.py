"""Names and sizes that extensions may have."""

import pytest

from geminicrm.runtime.package_rules import clashes, is_packed, name_problem


@pytest.mark.parametrize(
    "name", ["manifest.json", "static/icon.svg", "a b/c.txt", "straße.txt", "x" * 200, "a..b/c"]
)
def test_good_names(name):
    assert name_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a/./b",
        "a//b",
        "a/",
        "C:/x",
        "C:x",
        "a\\b",
        "a\x00b",
        "a\nb",
        "\ud800",
        "x" * 201,
        "con",
        "a/NUL.txt",
        "com1.py",
        "a /b",
        "a./b",
        "what?",
    ],
)
def test_bad_names(name):
    assert name_problem(name)


@pytest.mark.parametrize(
    "name",
    ["__pycache__/a.py", "a/__pycache__/b", ".git/config", ".env", "a/.x", "a.pyc", "__MACOSX/a"],
)
def test_what_stays_out(name):
    assert not is_packed(name)


@pytest.mark.parametrize("name", ["tests/test_a.py", "a.py", "static/x.js", "a.b/c"])
def test_what_goes_in(name):
    assert is_packed(name)


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["a", "b", "a/b".replace("/", "_")], []),
        (["README.md", "readme.md"], [("README.md", "readme.md")]),
        (["Straße", "strasse"], [("Straße", "strasse")]),
        (["caf\u00e9", "cafe\u0301"], [("cafe\u0301", "caf\u00e9")]),
        (["a", "a/b"], [("a", "a/b")]),
        (["A", "a/b/c"], [("A", "a/b/c")]),
        (["a/b", "a/c"], []),
    ],
    ids=range(7),
)
def test_clashes(names, pairs):
    assert list(clashes(names)) == pairs
