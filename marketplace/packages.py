"""Packages of extensions: deterministic to write, safe to read whoever wrote them."""

import io
import secrets
import shutil
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from geminicrm.kernel.errors import Finding
from geminicrm.runtime.check.folder import list_entries
from geminicrm.runtime.package_rules import MAX_PACKAGE_BYTES
from marketplace.package_reader import (
    MANIFEST,
    PackageFiles,
    PackageInvalid,
    clash_findings,
    name_findings,
    open_package,
    package_digest,
    package_identity,
    size_findings,
)
from marketplace.whole_files import sync_folder, write_synced, write_whole

__all__ = [
    "PackageFiles",
    "PackageInvalid",
    "PackedFile",
    "extract",
    "open_package",
    "pack",
    "package_digest",
]

SUFFIX: Final = ".gcx"


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A package on disk and what it is called."""

    path: Path
    digest: str
    id: str
    version: str


def pack(folder: Path, out: Path) -> PackedFile:
    """Pack an extension's folder into `out`, or into `<id>-<version>.gcx` where `out` is a folder.

    The same files give the same bytes, whatever their times and modes (with one and the same
    zlib). Caches, hidden files and compiled code stay out. Raises `PackageInvalid`, `OSError`.
    """
    entries = list_entries(folder)
    found = [*name_findings(entries), *clash_findings(entries)]
    found += [
        Finding(f"/{name}", "not_a_file", f"A package holds plain files; {name} is none.")
        for name, entry in entries.items()
        if entry.kind != "file"
    ]
    found += size_findings(len(entries), sum(entry.size for entry in entries.values()))
    if MANIFEST not in entries:
        found.append(Finding(f"/{MANIFEST}", "missing_manifest", f"{folder} has no {MANIFEST}."))
    if found:
        raise PackageInvalid(found)
    files = {name: (folder / name).read_bytes() for name in entries}
    identity = package_identity(files[MANIFEST])
    data = _zip(files)
    path = out / f"{identity.id}-{identity.version}{SUFFIX}" if out.is_dir() else out
    write_whole(path, data)
    return PackedFile(path, package_digest(data), identity.id, identity.version)


def extract(files: PackageFiles, target: Path) -> None:
    """Write the files into `target`, which appears whole or not at all, also after a crash.

    Where `target` is there already it is left as it is: published folders never change. Raises
    `OSError`.
    """
    if target.is_dir():
        return
    staged = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        for name, content in files.files.items():
            path = staged / name
            path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            write_synced(path, content)
        for folder in (staged, *(path for path in staged.rglob("*") if path.is_dir())):
            folder.chmod(0o755)  # whatever the umask: hosts read it under a user of their own
            sync_folder(folder)
        _publish(staged, target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _publish(staged: Path, target: Path) -> None:
    try:
        staged.rename(target)
    except OSError:
        # Another worker was first: a folder that isn't empty can't be replaced by a rename.
        if not target.is_dir():
            raise


def _zip(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, whatever wrote it
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, files[name], compresslevel=9)
    data = made.getvalue()
    if len(data) > MAX_PACKAGE_BYTES:
        message = f"The package has {len(data)} bytes; {MAX_PACKAGE_BYTES} are allowed."
        raise PackageInvalid([Finding("", "too_large", message)])
    return data
