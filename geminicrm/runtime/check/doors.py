"""Which doors of the core the code uses: `self.app.leads.create(...)`, also by simple aliases.

Only what can be read off the source without running it: `self.app`, parameters that are annotated
as the SDK's types, and names that are given one of these and nothing else in their file. A bare
parameter called `app` counts too, but not as certain.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from geminicrm.runtime.check.folder import ExtensionFolder

# Longer chains are no calls of doors; a hostile source has chains of thousands.
_DEEPEST: Final = 6
_ALIAS_ROUNDS: Final = 3
_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "CapabilitiesDoor": ("capabilities",),
    "Context": (),
    "EventsDoor": ("events",),
    "HttpDoor": ("http",),
    "JobsDoor": ("jobs",),
    "StorageDoor": ("storage",),
}


@dataclass(frozen=True, slots=True)
class _Door:
    path: tuple[str, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class Use:
    """A call through a door: `path` is ("leads", "create"); `certain` that it is one."""

    path: tuple[str, ...]
    certain: bool
    file: str
    line: int
    call: ast.Call


def uses(folder: ExtensionFolder) -> Iterator[Use]:
    """Give every call through a door of `self.app`, file by file."""
    for file, group in groupby(folder.nodes, key=lambda pair: pair[0]):
        nodes = [node for _, node in group]
        aliases = _aliases(nodes)
        for node in nodes:
            if isinstance(node, ast.Call):
                door = _door(node.func, aliases)
                if door is not None and door.path:
                    yield Use(door.path, door.certain, file, node.lineno, node)


def text_of(call: ast.Call, place: int) -> str | None:
    """Give an argument that stands in the source as plain text, None for any other."""
    given = call.args[place] if place < len(call.args) else None
    value = given.value if isinstance(given, ast.Constant) else None
    return value if isinstance(value, str) else None


def mentioned(folder: ExtensionFolder) -> frozenset[str]:
    """Give every attribute that the code names anywhere, and all short strings, as for getattr."""
    names = {node.attr for _, node in folder.nodes if isinstance(node, ast.Attribute)}
    names |= {
        node.value
        for _, node in folder.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.isidentifier()
    }
    return frozenset(names)


def _aliases(nodes: Iterable[ast.AST]) -> dict[str, _Door]:
    known = dict(_parameters(nodes))
    assigned = _assignments(nodes)
    for _ in range(_ALIAS_ROUNDS):
        for name, values in assigned.items():
            doors = {_door(value, known) for value in values}
            door = doors.pop()
            if doors or door is None:
                continue
            known.setdefault(name, door)
    return {name: door for name, door in known.items() if _is_only(name, door, assigned, known)}


def _is_only(
    name: str,
    door: _Door,
    assigned: Mapping[str, list[ast.expr | None]],
    known: Mapping[str, _Door],
) -> bool:
    """Tell whether a name is never given anything else in the file."""
    return all(
        found is not None and found.path == door.path
        for found in (_door(value, known) for value in assigned.get(name, ()))
    )


def _parameters(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, _Door]]:
    found: dict[str, set[_Door | None]] = defaultdict(set)
    for node in nodes:
        if isinstance(node, ast.arg):
            found[node.arg].add(_annotated(node))
    for name, doors in found.items():
        if len(doors) == 1 and (door := doors.pop()) is not None:
            yield name, door


def _annotated(argument: ast.arg) -> _Door | None:
    note = argument.annotation
    name = note.attr if isinstance(note, ast.Attribute) else ""
    name = note.id if isinstance(note, ast.Name) else name
    if name in _TYPES:
        return _Door(_TYPES[name], certain=True)
    return _Door((), certain=False) if argument.arg == "app" and note is None else None


def _assignments(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr | None]]:
    found: dict[str, list[ast.expr | None]] = defaultdict(list)
    for node in nodes:
        simple: ast.expr | None = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            simple = node.targets[0]
        elif (isinstance(node, ast.AnnAssign) and node.value is not None) or isinstance(
            node, ast.NamedExpr
        ):
            simple = node.target
        if isinstance(simple, ast.Name) and isinstance(
            node, ast.Assign | ast.AnnAssign | ast.NamedExpr
        ):
            found[simple.id].append(node.value)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            # Loops, unpacking, `with`: something that is not read here. Simple targets are names
            # of this kind too, so only a second storing counts against them.
            found[node.id].append(None)
    return {name: _without_own_store(values) for name, values in found.items()}


def _without_own_store(values: list[ast.expr | None]) -> list[ast.expr | None]:
    """Take away the bare storing that belongs to each simple assignment."""
    read = [value for value in values if value is not None]
    others = values.count(None) - len(read)
    return [*read, *([None] * max(others, 0))]


def _door(node: ast.expr | None, aliases: Mapping[str, _Door]) -> _Door | None:
    """Follow a chain of attributes to the door that it begins with."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        if len(names) == _DEEPEST:
            return None
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    names.reverse()
    if node.id == "self" and names[:1] == ["app"]:
        return _Door(tuple(names[1:]), certain=True)
    known = aliases.get(node.id)
    return _Door((*known.path, *names), known.certain) if known is not None else None
