"""Fetches the browser libraries named in assets.lock.json; for developers, needs npm.

Each package is packed by name and version, its sha512 integrity is compared with the lock before a
byte of it is used, and the sha256 of every written file is put back into the lock, which a test
compares with the tree. Run it after editing the lock: `python tools/vendor_assets.py`.
"""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "assets.lock.json"
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_SVG = re.compile(rb"<svg\b[^>]*>(.*)</svg>", re.DOTALL)
_FRAME = re.compile(rb'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')


class IntegrityError(Exception):
    """The registry gave other bytes than the lock names."""


def pack(npm: str, package: dict[str, Any], folder: Path) -> Path:
    """Download one package and return its tarball, checked against the lock."""
    subprocess.run(
        [npm, "pack", "--silent", f"{package['npm']}@{package['version']}"],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    tarball = next(folder.glob("*.tgz"))
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if package["integrity"] != f"sha512-{digest}":
        raise IntegrityError(f"{package['npm']}: expected {package['integrity']}, got {digest}")
    return tarball


def member(archive: tarfile.TarFile, name: str) -> bytes:
    """Read one file of the tarball by its path below `package/`."""
    stream = archive.extractfile(f"package/{name}")
    if stream is None:
        raise FileNotFoundError(name)
    return stream.read()


def symbol(icon: bytes, identifier: str, attributes: str) -> bytes:
    """Turn one icon file into a `<symbol>` that takes its colour from the text around it."""
    found = _SVG.search(_COMMENT.sub(b"", icon))
    if found is None:
        raise ValueError(identifier)
    body = re.sub(rb"\s*\n\s*", b"", _FRAME.sub(b"", found[1])).strip()
    opening = f'<symbol id="{identifier}" viewBox="0 0 24 24" {attributes}>'
    return opening.encode() + body + b"</symbol>\n"


def sprite(archive: tarfile.TarFile, wanted: dict[str, Any]) -> bytes:
    """Join the wanted icons to one sprite; filled ones are named `tabler-NAME-filled`."""
    parts = [b'<svg xmlns="http://www.w3.org/2000/svg">\n']
    stroke = (
        'fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linecap="round" stroke-linejoin="round"'
    )
    for name in sorted(wanted["outline"]):
        icon = member(archive, f"icons/outline/{name}.svg")
        parts.append(symbol(icon, f"tabler-{name}", stroke))
    for name in sorted(wanted["filled"]):
        icon = member(archive, f"icons/filled/{name}.svg")
        parts.append(symbol(icon, f"tabler-{name}-filled", 'fill="currentColor"'))
    return b"".join([*parts, b"</svg>\n"])


def write(path: str, content: bytes) -> str:
    """Write one vendored file below the root and return its sha256."""
    target = ROOT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def main() -> int:
    """Fetch everything the lock names and refresh its file digests."""
    npm = shutil.which("npm")
    if npm is None:
        sys.stderr.write("npm is not installed\n")
        return 1
    lock = json.loads(LOCK.read_text())
    for package in lock["packages"]:
        with (
            tempfile.TemporaryDirectory() as folder,
            tarfile.open(pack(npm, package, Path(folder))) as archive,
        ):
            for file in package["files"]:
                file["sha256"] = write(file["to"], member(archive, file["from"]))
            if "sprite" in package:
                wanted = package["sprite"]
                wanted["sha256"] = write(wanted["to"], sprite(archive, wanted))
        sys.stdout.write(f"{package['npm']} {package['version']}\n")
    LOCK.write_text(json.dumps(lock, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
