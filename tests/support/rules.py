"""Samples for the rules of the house."""

from collections.abc import Callable, Iterator
from textwrap import dedent

from tools.rules.tree import Finding, Source, Tree


def sample(files: dict[str, str]) -> Tree:
    """Give a tree of these files; texts may be indented."""
    return Tree(tuple(Source(path, dedent(text).lstrip("\n")) for path, text in files.items()))


def findings(check: Callable[[Tree], Iterator[Finding]], files: dict[str, str]) -> list[str]:
    """Give what a rule says about these files."""
    return [finding.text() for finding in check(sample(files))]
