"""A registry in a folder: a mirror, or a bundle that was imported. Its files are the answers."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from marketplace.registries.answers import NotThere
from marketplace.registries.errors import RegistryRefused, RegistryUnreachable

LIST: Final = "extensions.json"
_LIST_BYTES: Final = 64 * 1024 * 1024
_DEFAULT: Final = 50
_MAX_LIMIT: Final = 100


class FolderTransport:
    """Reads what `mirror` has written; nothing there is believed more than an answer over HTTP."""

    def __init__(self, name: str, folder: Path | str) -> None:
        self._name = name
        self._folder = Path(folder)

    def get(self, path: str, query: Mapping[str, str], *, most: int, seconds: float) -> bytes:  # noqa: ARG002 - a file is there or not
        """Give the file that stands for an answer; see `Transport`."""
        if path == "/extensions":
            return self._search(query)
        return self._read(file_of(path), most)

    def package(self, digest: str, *, size: int, folder: Path, seconds: float) -> Path:  # noqa: ARG002 - as get
        """Copy a package into a file of its own; see `Transport`."""
        content = self._read(f"packages/{digest}.gcx", size)
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix="package-", suffix=".part", delete=False
        ) as file:
            file.write(content)
        return Path(file.name)

    def _read(self, name: str, most: int) -> bytes:
        path = self._folder / name
        if not self._folder.is_dir():
            raise RegistryUnreachable(self._name, f"there is no folder {self._folder}.")
        # A link in a mirror could lead to any file of this machine.
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise RegistryRefused(self._name, f"{name} leads out of its folder.")
        try:
            with path.open("rb") as file:
                content = file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotThere from None
        except OSError as error:
            raise RegistryUnreachable(self._name, f"{name} can't be read: {error}.") from error
        if len(content) > most:
            raise RegistryRefused(self._name, f"{name} has more than {most} bytes.")
        return content

    def _search(self, query: Mapping[str, str]) -> bytes:
        try:
            hits = orjson.loads(self._read(LIST, _LIST_BYTES))["data"]
            facts = [(hit, orjson.loads(hit["latest"]["record"])["manifest"]) for hit in hits]
            found = [hit for hit, manifest in facts if _matches(manifest, query)]
            categories = {name for _, manifest in facts for name in manifest.get("categories", [])}
            start = int(query.get("cursor") or 0)
            limit = max(1, min(_MAX_LIMIT, int(query.get("limit") or _DEFAULT)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise RegistryRefused(self._name, f"{LIST} can't be read: {error}.") from error
        more = start + limit < len(found)
        return orjson.dumps(
            {
                "data": found[start : start + limit],
                "next_cursor": str(start + limit) if more else None,
                "total": len(found),
                "categories": sorted(categories),
            }
        )


def file_of(path: str) -> str:
    """Give the file that stands for a path of the protocol."""
    name = path.removeprefix("/")
    return name if name.endswith("/icon") else f"{name}.json"


def _matches(manifest: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    category = query.get("category")
    if category and category not in manifest.get("categories", []):
        return False
    parts = (manifest["id"], manifest["name"], manifest.get("description", ""))
    text = "\n".join([*parts, *manifest.get("keywords", [])]).casefold()
    return all(word in text for word in query.get("q", "").casefold().split())
