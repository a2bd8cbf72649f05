"""Which files an extension may have: names, sizes and types, in folders and packages."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

MAX_PACKAGE_BYTES: Final = 20 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 100 * 1024 * 1024
MAX_ENTRIES: Final = 2_000
MAX_NAME: Final = 200

STATIC_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".css": "text/css",
        ".gif": "image/gif",
        ".ico": "image/x-icon",
        ".jpeg": "image/jpeg",
        ".jpg": "image/jpeg",
        ".js": "text/javascript",
        ".json": "application/json",
        ".map": "application/json",
        ".mjs": "text/javascript",
        ".png": "image/png",
        ".svg": "image/svg+xml",
        ".txt": "text/plain",
        ".webp": "image/webp",
        ".woff": "font/woff",
        ".woff2": "font/woff2",
    }
)
"""Media types by suffix of what `static/` may hold. No pages: they would look like the CRM's."""

IMAGE_SUFFIXES: Final = frozenset({".gif", ".ico", ".jpeg", ".jpg", ".png", ".svg", ".webp"})

_LEFT_OUT: Final = frozenset({"__pycache__", "__MACOSX"})
# Characters that some file system reads as something else, and those that people can't see.
_WRONG: Final = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\\ud800-\udfff]')
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def is_packed(name: str) -> bool:
    """Tell whether a file belongs into a package: no caches, no compiled code, nothing hidden."""
    parts = name.split("/")
    hidden = any(part.startswith(".") or part in _LEFT_OUT for part in parts)
    return not hidden and not name.endswith((".pyc", ".pyo"))


def name_problem(name: str) -> str | None:
    """Say what is wrong with a path inside a package, or None; absolute and rising paths are."""
    parts = name.split("/")
    if not name or len(name) > MAX_NAME:
        return f"The path has {len(name)} characters; 1 to {MAX_NAME} are allowed."
    if _WRONG.search(name):
        return "The path has a character that paths must not have: use letters, digits, _ - and /."
    if name.startswith("/") or ".." in parts or "." in parts or "" in parts:
        return "The path leaves the folder: write it relative, with single slashes."
    if any(_DEVICES.fullmatch(part) or part.endswith((" ", ".")) for part in parts):
        return "The path has a name that Windows can't store."
    return None


def clashes(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Give pairs of paths that are one file where case does not count, or a file and its folder."""
    seen: dict[str, str] = {}
    ordered = sorted(names)
    for name in ordered:
        other = seen.setdefault(_key(name), name)
        if other != name:
            yield other, name
    folders = {_key(parent): name for name in ordered for parent in _parents(name)}
    for key, name in seen.items():
        if key in folders:
            yield name, folders[key]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _parents(name: str) -> Iterator[str]:
    for at, char in enumerate(name):
        if char == "/":
            yield name[:at]
