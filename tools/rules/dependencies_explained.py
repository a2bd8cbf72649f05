"""docs/dependencies.md explains exactly the packages of requirements.txt."""

import re
from collections.abc import Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.rules.tree import Finding, Tree

REQUIREMENTS = "requirements.txt"
DOCUMENT = "docs/dependencies.md"
ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def pinned(text: str) -> set[str]:
    """Give the names of a requirements file."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return {canonicalize_name(Requirement(line).name) for line in lines if line}


def check(tree: Tree) -> Iterator[Finding]:
    """Give the packages that stand in one of the two files only."""
    used = pinned(tree.text_of(REQUIREMENTS))
    explained = {canonicalize_name(name) for name in ROW.findall(tree.text_of(DOCUMENT))}
    for name in sorted(used - explained):
        yield Finding(path=DOCUMENT, line=1, message=f"{name} is not explained")
    for name in sorted(explained - used):
        yield Finding(path=DOCUMENT, line=1, message=f"{name} is no dependency")
