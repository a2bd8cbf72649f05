"""Addresses in the source: literal ones, and what can be put together without running it."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from geminicrm.runtime.check.folder import ExtensionFolder

_ADDRESS: Final = re.compile(r"(https?)://([^/?#\s]{1,260})([/?#]|$)", re.IGNORECASE)
_PORTS: Final = {"https": 443, "http": 80}
_LONGEST: Final = 4_000
_MOST_PARTS: Final = 20
_Docstrings = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Address:
    """The host and port that an address leads to."""

    host: str
    port: int


def address_in(text: str, *, whole: bool) -> Address | None:
    """Read the host off the start of an address; unless `whole`, more of the text may follow."""
    match = _ADDRESS.match(text[:_LONGEST])
    if match is None or not (match[3] or whole):
        return None
    try:
        parts = urlsplit(match[0])
        port = parts.port
    except ValueError:
        return None
    if (
        not parts.hostname
        or parts.hostname.endswith(".")
        or "{" in parts.hostname
        or "%" in parts.hostname
    ):
        return None
    return Address(parts.hostname.lower(), port or _PORTS[parts.scheme])


def address_of(node: ast.expr | None, constants: Mapping[str, ast.expr]) -> Address | None:
    """Read the host off an expression: a text, one with parts put in, a constant of the module."""
    whole = True
    for _ in range(_MOST_PARTS):
        match node:
            case ast.Constant(value=str() as text):
                return address_in(text, whole=whole)
            case ast.JoinedStr(values=[first, *rest]):
                node, whole = first, whole and not rest
            case ast.FormattedValue(value=ast.Name() as inner):
                node = inner
            case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
                node, whole = left, False
            case ast.Call(func=ast.Attribute(value=inner, attr="format")):
                node, whole = inner, False
            case ast.Name(id=name):
                node = constants.get(name)
            case _:
                return None
    return None


def constants_of(tree: ast.Module) -> dict[str, ast.expr]:
    """Give the names of a module that are assigned at its top, once and nowhere else."""
    stored = Counter(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    )
    stored.update(node.arg for node in ast.walk(tree) if isinstance(node, ast.arg))
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
    return {name: value for name, value in found.items() if stored[name] == 1}


def written(folder: ExtensionFolder) -> Iterator[tuple[str, int, str]]:
    """Give file, line and text of every string that is no docstring."""
    docs = {
        id(node.body[0].value)
        for _, node in folder.nodes
        if isinstance(node, _Docstrings) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for file, node in folder.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield file, node.lineno, node.value
