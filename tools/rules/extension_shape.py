"""Every built-in extension has a folder with the same names, called like its id."""

import json
from collections import defaultdict
from collections.abc import Iterator

from tools.rules.tree import Finding, Source, Tree

NOT_EXTENSIONS = frozenset({"sdk"})
MUSTS = ("manifest.json", "__init__.py", "extension.py")
MAY = frozenset(
    {*MUSTS, "routes.py", "client.py", "mapping.py", "errors.py"}
    | {"README.md", "CHANGELOG.md", "LICENSE"}
)
# An integration has one module under operations for each kind of thing that its contract is about.
FOLDERS = frozenset({"static", "templates", "operations"})
DEPTH = 3


def check(tree: Tree) -> Iterator[Finding]:
    """Give missing and unknown files, ids that differ from the folder and missing tests."""
    tested = {each.parts[2] for each in tree.files if each.parts[:2] == ("tests", "extensions")}
    for folder, files in _folders(tree).items():
        names = {each.parts[2] for each in files}
        first = files[0]
        missing = (each for each in MUSTS if each not in names)
        yield from (first.finding(1, f"{folder}: {each} is missing") for each in missing)
        yield from (each.finding(1, "no file name of an extension") for each in files if _odd(each))
        yield from (_id_finding(each, folder) for each in files if _differs(each, folder))
        if folder not in tested:
            yield first.finding(1, f"{folder}: tests/extensions/{folder} is missing")


def _folders(tree: Tree) -> dict[str, list[Source]]:
    found: dict[str, list[Source]] = defaultdict(list)
    for source in tree.files:
        if source.parts[0] == "extensions" and len(source.parts) >= DEPTH:
            found[source.parts[1]].append(source)
    return {folder: files for folder, files in found.items() if folder not in NOT_EXTENSIONS}


def _odd(source: Source) -> bool:
    name = source.parts[2]
    return name not in (MAY if len(source.parts) == DEPTH else FOLDERS)


def _differs(source: Source, folder: str) -> bool:
    return source.parts[2:] == ("manifest.json",) and _folder_of(source) != folder


def _folder_of(source: Source) -> str:
    return str(json.loads(source.text)["id"]).replace("-", "_")


def _id_finding(source: Source, folder: str) -> Finding:
    return source.finding(1, f"the id wants the folder {_folder_of(source)}, not {folder}")
