"""The vendored files are the ones of the lock."""

import base64
import hashlib
import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from tools import vendor_assets

ROOT = vendor_assets.ROOT
LOCK = json.loads(vendor_assets.LOCK.read_text())
FILES = {
    file.get("to"): file["sha256"]
    for package in LOCK["packages"]
    for file in [*package["files"], *filter(None, [package.get("sprite")])]
}
ICON = b"""<!-- x --><svg
 width="24">
  <path stroke="none" d="M0 0h24v24H0z" fill="none" />
  <path d="M1"/>
</svg>"""


@pytest.mark.parametrize("path", FILES)
def test_a_vendored_file_is_the_locked_one(path: str):
    assert hashlib.sha256((ROOT / path).read_bytes()).hexdigest() == FILES[path]


def test_nothing_else_is_vendored():
    folders = (ROOT / "geminicrm/web/static/vendor", ROOT / "tests/vendor")
    found = {str(file.relative_to(ROOT)) for folder in folders for file in folder.rglob("*.*")}
    # npm installs the peers of tests; their lock is npm's own.
    peers = {f"tests/vendor/peers/{name}.json" for name in ("package", "package-lock")}
    assert found == (FILES.keys() - {"geminicrm/web/static/icons.svg"}) | peers


def test_every_icon_that_pages_name_is_in_the_sprite():
    sprite = (ROOT / "geminicrm/web/static/icons.svg").read_text()
    known = set(re.findall(r'id="tabler-([^"]+)"', sprite))
    named = {
        name
        for folder in ("geminicrm", "marketplace")
        for page in (ROOT / folder).rglob("*.html")
        for name in re.findall(r"""\bicon\(["']([a-z0-9-]+)["']""", page.read_text())
    }
    assert named <= known


def packed(tmp_path: Path, files: dict[str, bytes]) -> tuple[Path, str]:
    tarball = tmp_path / "sample.tgz"
    with tarfile.open(tarball, "w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        folder = tarfile.TarInfo("package/folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
    digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    return tarball, f"sha512-{digest}"


@pytest.fixture
def npm(tmp_path: Path) -> str:
    """Give a stand-in for npm that puts the sample into the folder it is called in."""
    script = tmp_path / "npm"
    script.write_text(f'#!/bin/sh\ncp "{tmp_path}/sample.tgz" .\n')
    script.chmod(0o700)
    return str(script)


def test_other_bytes_than_the_locked_ones_are_refused(tmp_path: Path, npm: str):
    packed(tmp_path, {"a.js": b"1"})
    folder = tmp_path / "work"
    folder.mkdir()
    package = {"npm": "a", "version": "1", "integrity": "sha512-other"}
    with pytest.raises(vendor_assets.IntegrityError, match="a: expected sha512-other"):
        vendor_assets.pack(npm, package, folder)


def test_the_whole_run(tmp_path: Path, npm: str, monkeypatch: pytest.MonkeyPatch):
    files = {"a.js": b"1", "icons/outline/home.svg": ICON, "icons/filled/star.svg": ICON}
    _, integrity = packed(tmp_path, files)
    sprite = {"to": "out/icons.svg", "sha256": "", "outline": ["home"], "filled": ["star"]}
    both = {"npm": "a", "version": "1", "integrity": integrity, "files": []}
    one = {**both, "files": [{"from": "a.js", "to": "out/a.js", "sha256": ""}]}
    lock = tmp_path / "lock.json"
    lock.write_text(json.dumps({"packages": [one, {**both, "sprite": sprite}]}))
    monkeypatch.setattr(vendor_assets, "ROOT", tmp_path)
    monkeypatch.setattr(vendor_assets, "LOCK", lock)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert Path(npm).exists()
    assert vendor_assets.main() == 0
    written = json.loads(lock.read_text())["packages"]
    assert written[0]["files"][0]["sha256"] == hashlib.sha256(b"1").hexdigest()
    icons = (tmp_path / "out/icons.svg").read_text()
    assert 'id="tabler-home" viewBox="0 0 24 24" fill="none"' in icons
    assert 'id="tabler-star-filled" viewBox="0 0 24 24" fill="currentColor"><path d="M1"/>' in icons


def test_npm_is_needed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("PATH", "")
    assert vendor_assets.main() == 1
    assert capsys.readouterr().err == "npm is not installed\n"


def test_what_is_no_icon_is_refused():
    with pytest.raises(ValueError, match="tabler-x"):
        vendor_assets.symbol(b"text", "tabler-x", "")


def test_a_folder_is_no_file(tmp_path: Path):
    tarball, _ = packed(tmp_path, {})
    with tarfile.open(tarball) as archive, pytest.raises(FileNotFoundError):
        vendor_assets.member(archive, "folder")
