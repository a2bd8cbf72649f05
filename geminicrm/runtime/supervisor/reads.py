"""What every host may read of this machine: the interpreter and its libraries, little else."""

import os
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_NOT_STDLIB: Final = frozenset({"site-packages", "dist-packages", "__pycache__"})
_ETC: Final = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/ssl/openssl.cnf",
    "/usr/share/zoneinfo",
    "/dev/null",
    "/dev/urandom",
)
_MAPS_PATH: Final = 5


def machine_reads(maps: str = "/proc/self/maps") -> tuple[str, ...]:
    """Give the real paths, each of which exists; folders are meant with all below."""
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    found = {*_stdlib(stdlib), *_libraries(stdlib, _mapped(maps)), *_existing(_ETC)}
    return tuple(sorted(found))


def _stdlib(folder: Path) -> Iterator[str]:
    """Give the standard library without the packages of others that may live inside of it."""
    if not any((folder / name).exists() for name in _NOT_STDLIB - {"__pycache__"}):
        yield str(folder)
        return
    yield str(folder / "__pycache__")
    for entry in list(os.scandir(folder)):
        if entry.name not in _NOT_STDLIB:
            yield os.path.realpath(entry.path)


def _libraries(stdlib: Path, mapped: list[Path]) -> Iterator[str]:
    """Give the folders that the shared libraries of this process come from.

    What an extension loads later (OpenSSL, the C++ library) lives beside them. Of a folder that
    holds the standard library too, like /usr/local/lib, single files.
    """
    for folder in {path.parent for path in mapped if not path.is_relative_to(stdlib)}:
        if "site-packages" in folder.parts or "dist-packages" in folder.parts:
            continue
        if stdlib.is_relative_to(folder):
            yield from (str(each.resolve()) for each in folder.glob("lib*.so*"))
        else:
            yield str(folder)


def _mapped(maps: str) -> list[Path]:
    """Give the shared libraries that a process has mapped, as real paths."""
    found = set()
    with open(maps, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - no regular file
        for line in file:
            words = line.split(maxsplit=_MAPS_PATH)
            name = words[_MAPS_PATH].strip() if len(words) > _MAPS_PATH else ""
            if name.startswith("/") and ".so" in Path(name).name:
                found.add(Path(name).resolve())
    return sorted(found)


def _existing(paths: tuple[str, ...]) -> Iterator[str]:
    return (os.path.realpath(path) for path in paths if Path(path).exists())
