"""An extension's folder as rules see it: read once, never run."""

import ast
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, TypeAlias

from typing_extensions import override

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.manifest import (
    MAX_MANIFEST_BYTES,
    Manifest,
    ManifestInvalid,
    parse_manifest,
)
from geminicrm.runtime.package_rules import MAX_ENTRIES, is_packed

MAX_SOURCE_BYTES: Final = 1024 * 1024

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinding:
    """One thing that a rule found; `line` 0 is the whole file, `file` "" the whole folder.

    `pointer` is the place inside manifest.json, for findings about it.
    """

    severity: Severity
    code: str
    message: str
    file: str = ""
    line: int = 0
    pointer: str = ""

    @override
    def __str__(self) -> str:
        """Give one line in the form that editors know: `file:line: severity: message [code]`."""
        return f"{self._place}: {self.severity}: {self.message} [{self.code}]"

    def to_dict(self) -> dict[str, object]:
        """Give it in the shape that is stored and sent."""
        return asdict(self)

    def finding(self) -> Finding:
        """Give it as a kernel finding; other files than the manifest become part of the message."""
        if self.file == "manifest.json":
            return Finding(self.pointer, self.code, self.message)
        return Finding("", self.code, f"{self._place}: {self.message}")

    @property
    def _place(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file or "."


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of the folder; `kind` "other" is a pipe, socket or device."""

    size: int
    kind: Literal["file", "link", "other"]


@dataclass(frozen=True)
class ExtensionFolder:
    """What rules look at. `manifest` is None where it is wrong, `trees` lacks broken sources.

    `previous` is the manifest of the version before, where it is known.
    """

    path: Path
    entries: Mapping[str, Entry]
    manifest: Manifest | None
    manifest_findings: tuple[Finding, ...]
    trees: Mapping[str, ast.Module]
    broken: tuple[CheckFinding, ...]
    previous: Manifest | None = None

    @cached_property
    def nodes(self) -> tuple[tuple[str, ast.AST], ...]:
        """Every node of the sources that run in the CRM, with its file; walked once for all rules.

        Without recursion, so that deep nesting exhausts nothing.
        """
        return tuple((name, node) for name, tree in self.own_trees() for node in ast.walk(tree))

    def read(self, name: str, limit: int) -> bytes:
        """Give the first bytes of a plain file; nothing for any other. Raises `OSError`."""
        if not self.has_file(name):
            return b""
        with (self.path / name).open("rb") as file:
            return file.read(limit)

    def text(self, name: str, limit: int) -> str:
        """Give the start of a file as text, wrong encodings replaced. Raises `OSError`."""
        return self.read(name, limit).decode("utf-8-sig", "replace")

    def has_file(self, name: str) -> bool:
        """Tell whether there is a plain file of this name."""
        entry = self.entries.get(name)
        return entry is not None and entry.kind == "file"

    def own_trees(self) -> Iterator[tuple[str, ast.Module]]:
        """Give the sources that run in the CRM, so without the tests."""
        for name, tree in self.trees.items():
            if not name.startswith("tests/"):
                yield name, tree


def list_entries(path: Path) -> dict[str, Entry]:
    """Give what a package of the folder would hold, by path; links are told, not followed.

    Stops soon after `MAX_ENTRIES`. Raises `OSError` where the folder can't be read.
    """
    found: dict[str, Entry] = {}
    todo = [""]
    while todo and len(found) <= MAX_ENTRIES:
        inside = todo.pop()
        for item in sorted(os.scandir(path / inside), key=lambda one: one.name):
            name = f"{inside}{item.name}"
            if not is_packed(name):
                continue
            if item.is_dir(follow_symlinks=False):
                todo.append(f"{name}/")
                continue
            found[name] = _entry(item.stat(follow_symlinks=False))
    return dict(sorted(found.items()))


def open_folder(
    path: Path,
    *,
    known_scopes: Collection[str],
    core_version: str | None = None,
    previous: Manifest | None = None,
) -> ExtensionFolder:
    """Read the manifest and the Python sources of a folder. Raises `OSError`."""
    entries = list_entries(path)
    manifest: Manifest | None = None
    findings: tuple[Finding, ...] = ()
    try:
        raw = _read(path / "manifest.json", entries.get("manifest.json"), MAX_MANIFEST_BYTES + 1)
        manifest = parse_manifest(raw, known_scopes=known_scopes, core_version=core_version)
    except ManifestInvalid as error:
        findings = error.findings
    trees: dict[str, ast.Module] = {}
    broken = []
    for name, entry in entries.items():
        if entry.kind == "file" and name.endswith(".py"):
            parsed = _parse(name, _read(path / name, entry, MAX_SOURCE_BYTES + 1))
            if isinstance(parsed, ast.Module):
                trees[name] = parsed
            else:
                broken.append(parsed)
    return ExtensionFolder(path, entries, manifest, findings, trees, tuple(broken), previous)


def _entry(status: os.stat_result) -> Entry:
    if stat.S_ISLNK(status.st_mode):
        return Entry(status.st_size, "link")
    return Entry(status.st_size, "file" if stat.S_ISREG(status.st_mode) else "other")


def _read(path: Path, entry: Entry | None, limit: int) -> bytes:
    if entry is None or entry.kind != "file":
        message = "There is no file manifest.json: it says what the extension is."
        raise ManifestInvalid([Finding("", "missing_manifest", message)])
    with path.open("rb") as file:
        return file.read(limit)


def _parse(name: str, source: bytes) -> ast.Module | CheckFinding:
    line = 0
    if len(source) > MAX_SOURCE_BYTES:
        message = f"The source has more than {MAX_SOURCE_BYTES} bytes: split it."
        return CheckFinding(severity="error", code="source_too_large", message=message, file=name)
    try:
        return ast.parse(source, name)
    except SyntaxError as error:
        message, line = f"This is not Python: {error.msg}.", error.lineno or 0
    except (ValueError, RecursionError, MemoryError) as error:
        # NUL bytes, and nesting that is made to exhaust the parser.
        message = f"This can't be read as Python: {type(error).__name__}."
    return CheckFinding(severity="error", code="syntax", message=message, file=name, line=line)
