"""A dependency leaves the table of unused ones with its first import."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import packages_distributions

from packaging.utils import canonicalize_name

from tools.rules.tree import Finding, Tree
from tools.unused import UNUSED_YET


def check(tree: Tree, unused: Mapping[str, str] = UNUSED_YET) -> Iterator[Finding]:
    """Give the imports of packages that are said to be unused."""
    names = {canonicalize_name(name) for name in unused}
    providers = packages_distributions()
    for source in tree.product():
        for node in ast.walk(source.syntax):
            if isinstance(node, ast.Import | ast.ImportFrom):
                given = _providers(node, providers) & names
                yield from (source.finding(node.lineno, f"{name} is used by now") for name in given)


def _providers(
    node: ast.Import | ast.ImportFrom, providers: Mapping[str, Sequence[str]]
) -> set[str]:
    plain = [alias.name for alias in node.names]
    modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else plain
    tops = {module.partition(".")[0] for module in modules}
    return {canonicalize_name(name) for top in tops for name in providers.get(top, ())}
