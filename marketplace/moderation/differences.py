"""What a version changes: files, permissions, hosts, compared with the one before."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geminicrm.runtime.manifest import Manifest
from geminicrm.runtime.plan_lines import own_event_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """One file with its size in bytes; `change` is added, changed, removed, or "" for none."""

    path: str
    size: int
    change: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that is asked for now and was not, or the other way round."""

    kind: str
    name: str
    added: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that a version changes; `before` names the one it is compared with."""

    before: str | None
    files: tuple[FileLine, ...]
    asked: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "before": self.before,
            "files": [
                {"path": one.path, "size": one.size, "change": one.change} for one in self.files
            ],
            "asked": [
                {"kind": one.kind, "name": one.name, "added": one.added} for one in self.asked
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A version with its files."""

    manifest: Manifest
    files: Mapping[str, bytes]


def compare(before: Opened | None, now: Opened) -> Difference:
    """Compare two versions; without one before nothing counts as changed."""
    if before is None:
        lines = tuple(FileLine(path=path, size=len(now.files[path])) for path in sorted(now.files))
        return Difference(before=None, files=lines, asked=())
    paths = sorted({*before.files, *now.files})
    return Difference(
        before=before.manifest.version,
        files=tuple(_file(path, before.files.get(path), now.files.get(path)) for path in paths),
        asked=tuple(
            change
            for kind, old, new in zip(_KINDS, _asked(before), _asked(now), strict=True)
            for change in _changes(kind, old, new)
        ),
    )


_KINDS = (
    "permission",
    "optional permission",
    "host",
    "hook",
    "event",
    "own event",
    "Python package",
)


def _asked(opened: Opened) -> tuple[Sequence[str], ...]:
    manifest = opened.manifest
    hosts = [one.host or f"the one in {one.setting}" for one in manifest.network]
    return (
        manifest.permissions,
        manifest.optional_permissions,
        hosts,
        manifest.hooks or (),
        manifest.events,
        [one.type for one in own_event_lines(manifest)],
        manifest.requires.python,
    )


def _changes(kind: str, old: Sequence[str], new: Sequence[str]) -> list[Change]:
    more = [Change(kind=kind, name=one, added=True) for one in new if one not in old]
    less = [Change(kind=kind, name=one, added=False) for one in old if one not in new]
    return more + less


def _file(path: str, old: bytes | None, new: bytes | None) -> FileLine:
    if new is None:
        return FileLine(path=path, size=len(old or b""), change="removed")
    if old is None:
        return FileLine(path=path, size=len(new), change="added")
    same = len(old) == len(new) and hashlib.sha256(old).digest() == hashlib.sha256(new).digest()
    return FileLine(path=path, size=len(new), change="" if same else "changed")
