"""Wheels made by hand, good and hostile, and an index on the loopback that serves them."""

import base64
import hashlib
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from typing_extensions import override

from geminicrm.runtime.requirements.lock_file import Pin, write_lock


@dataclass(frozen=True, kw_only=True)
class Tricks:
    """What is special about a wheel: what it says of itself, its hashes, more entries."""

    requires: Sequence[str] = ()
    metadata: Sequence[str] = ()
    form: str = "Wheel-Version: 1.0\n"
    told_name: str | None = None
    told_version: str | None = None
    info: str | None = None
    record: Callable[[dict[str, str]], dict[str, str]] = dict
    entries: Sequence[tuple[str | zipfile.ZipInfo, bytes]] = ()


def put_wheel(
    folder: Path,
    name: str = "tiny",
    version: str = "1.0",
    files: Mapping[str, bytes | str] | None = None,
    *,
    tag: str = "py3-none-any",
    **tricks: Any,
) -> Path:
    """Write a wheel; without `files` it has a module of its name with its VERSION.

    `tricks` are those of Tricks.
    """
    odd = Tricks(**tricks)
    stem = f"{name.replace('-', '_')}-{version}"
    info = odd.info or f"{stem}.dist-info"
    content = (
        {f"{name.replace('-', '_')}.py": f"VERSION = {version!r}\n"} if files is None else files
    )
    told = [f"Name: {odd.told_name or name}", f"Version: {odd.told_version or version}"]
    lines = ["Metadata-Version: 2.1", *told, *odd.metadata]
    lines += [f"Requires-Dist: {each}" for each in odd.requires]
    every: dict[str, bytes] = {each: _bytes(text) for each, text in content.items()}
    every[f"{info}/METADATA"] = "\n".join([*lines, "", "About it.\n"]).encode()
    every[f"{info}/WHEEL"] = f"{odd.form}Tag: {tag}\n".encode()
    hashes = odd.record({each: record_hash(text) for each, text in every.items()})
    rows = "".join(f"{each},{hashed},\n" for each, hashed in hashes.items())
    every[f"{info}/RECORD"] = f"{rows}{info}/RECORD,,\n".encode(errors="surrogateescape")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, text in [*every.items(), *odd.entries]:
            archive.writestr(each, text)
    return path


def _bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def record_hash(content: bytes) -> str:
    """Give a hash as RECORD writes it."""
    digest = hashlib.sha256(content).digest()
    return f"sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def hash_of(path: Path) -> str:
    """Give the SHA-256 of a file in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lock_of(*wheels: Path) -> str:
    """Give a lock file that pins these wheels."""
    return write_lock([_pin(path) for path in wheels], "Made for a test.")


def _pin(path: Path) -> Pin:
    name, version, _, _ = parse_wheel_filename(path.name)
    return Pin(name, Version(str(version)), (hash_of(path),))


@dataclass
class Index:
    """An index of what lies in a folder; `asked` are the paths that came in."""

    folder: Path
    url: str
    asked: list[str]

    def environment(self) -> dict[str, str]:
        """Give what makes pip use this index and no other, without a cache."""
        return {
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_FIND_LINKS": "",
            "PIP_INDEX_URL": f"{self.url}/simple/",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "0",
            "NO_PROXY": "*",
        }

    def answer(self, path: str) -> bytes | None:
        """Give a page of links, or a file; None for what is not there."""
        self.asked.append(path)
        if path.startswith("/files/"):
            file = self.folder / path.removeprefix("/files/")
            return file.read_bytes() if file.is_file() else None
        name = path.removeprefix("/simple/").strip("/")
        found = [file for file in sorted(self.folder.iterdir()) if _project(file.name) == name]
        links = [
            f"<a href='/files/{each.name}#sha256={hash_of(each)}'>{each.name}</a>" for each in found
        ]
        return "\n".join(["<!DOCTYPE html>", *links]).encode() if links else None


def _project(name: str) -> str:
    return canonicalize_name(name.partition("-")[0])


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Give an index that listens; wheels put into its folder are there at once."""
    folder = tmp_path / "index"
    folder.mkdir()
    kept = Index(folder, "", [])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = kept.answer(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        @override
        def log_message(self, *_about: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()
