from pathlib import Path

import pytest

from tools.rules.tree import Finding, Source, Tree, read_tree


def write(root: Path, **files: str) -> None:
    for place, text in files.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_the_tree_holds_our_text_and_nothing_else(tmp_path: Path):
    ours = {"wsgi.py": "", "Makefile": "", "geminicrm/app.py": "", "docs/a.md": "", "setup.cfg": ""}
    foreign = {
        "geminicrm/web/static/vendor/htmx.js": "",
        "geminicrm/__pycache__/x.py": "",
        "var/own.py": "",
        "docs/picture.png": "",
        ".venv/lib.py": "",
    }
    write(tmp_path, **ours, **foreign)
    assert {source.path for source in read_tree(tmp_path).files} == set(ours)


def test_a_missing_file_is_named():
    with pytest.raises(LookupError, match=r"setup\.cfg is missing"):
        Tree(()).text_of("setup.cfg")


def test_migrations_and_tools_are_no_product():
    paths = ("migrations/1.py", "tools/gates.py", "geminicrm/app.py", "geminicrm/a.html")
    tree = Tree(tuple(Source(path, "") for path in paths))
    assert [source.path for source in tree.python()] == ["tools/gates.py", "geminicrm/app.py"]
    assert [source.path for source in tree.product()] == ["geminicrm/app.py"]


def test_a_finding_reads_as_a_place():
    assert Finding(path="a.py", line=3, message="wrong").text() == "a.py:3: wrong"
