"""The contract of stores of packages, held by each of them, and what is of the folder alone."""

import errno
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import update

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import DiskFull
from marketplace.blobs import Blobs, DatabaseBlobs, FileBlobs, PackageDamaged, digest_of
from marketplace.models import PackageBlob

MIB = 1024 * 1024
HOUR = 3600.0


@dataclass(frozen=True)
class Kept:
    """A store, and what a test does behind its back."""

    blobs: Blobs
    change: Callable[[str, bytes], None]
    age: Callable[[str, float], None]


def in_files(tmp_path: Path) -> Kept:
    folder = tmp_path / "registry"

    def age(digest: str, seconds: float) -> None:
        then = time.time() - seconds
        os.utime(folder / f"{digest}.gcx", (then, then))

    def change(digest: str, content: bytes) -> None:
        (folder / f"{digest}.gcx").write_bytes(content)

    return Kept(FileBlobs(folder), change, age)


def in_database(core: Core, clock: FixedClock) -> Kept:
    def change(digest: str, content: bytes) -> None:
        with core.works.across_workspaces("damage it", write=True) as work:
            own = update(PackageBlob).where(PackageBlob.digest == digest)
            work.session.execute(own.values(content=content))

    def age(_digest: str, seconds: float) -> None:
        clock.advance(seconds)

    return Kept(DatabaseBlobs(core.works), change, age)


MAKERS = {
    "files": lambda request: in_files(request.getfixturevalue("tmp_path")),
    "database": lambda request: in_database(
        request.getfixturevalue("both_cores"), request.getfixturevalue("clock")
    ),
}


@pytest.fixture(params=MAKERS)
def kept(request: pytest.FixtureRequest, both_cores: Core) -> Kept:
    """Give each kind of store; the table once on each engine."""
    assert both_cores
    made: Kept = MAKERS[request.param](request)
    return made


def test_a_package_comes_back_as_it_was(kept: Kept):
    digest = kept.blobs.put(b"package")

    assert digest == digest_of(b"package")
    assert kept.blobs.read(digest) == b"package"


def test_twenty_mebibytes_come_back(kept: Kept):
    package = os.urandom(20 * MIB)

    assert kept.blobs.read(kept.blobs.put(package)) == package


def test_a_changed_one_is_refused_until_it_is_put_again(kept: Kept):
    digest = kept.blobs.put(b"package")
    kept.change(digest, b"tampered")

    with pytest.raises(PackageDamaged, match="was changed"):
        kept.blobs.read(digest)
    kept.blobs.put(b"package")

    assert kept.blobs.read(digest) == b"package"


def test_a_missing_one_is_told(kept: Kept):
    with pytest.raises(PackageDamaged, match="is missing"):
        kept.blobs.read("0" * 64)


def test_what_was_not_put_for_a_while_is_stale(kept: Kept):
    digest = kept.blobs.put(b"package")
    assert kept.blobs.stale(HOUR) == []

    kept.age(digest, 2 * HOUR)
    assert kept.blobs.stale(HOUR) == [digest]

    kept.blobs.put(b"package")
    assert kept.blobs.stale(HOUR) == []


def test_one_that_is_removed_is_gone_and_may_be_removed_again(kept: Kept):
    digest = kept.blobs.put(b"package")
    kept.blobs.remove(digest)
    kept.blobs.remove(digest)

    with pytest.raises(PackageDamaged):
        kept.blobs.read(digest)


def test_the_same_one_from_several_at_once(kept: Kept):
    with ThreadPoolExecutor(4) as pool:
        digests = set(pool.map(kept.blobs.put, [b"package"] * 8))

    assert digests == {digest_of(b"package")}
    assert kept.blobs.read(digests.pop()) == b"package"


def test_the_file_is_named_by_its_digest_and_nothing_is_left_beside_it(tmp_path: Path):
    digest = FileBlobs(tmp_path).put(b"package")

    assert [path.name for path in tmp_path.iterdir()] == [f"{digest}.gcx"]


def test_the_same_bytes_are_written_once(tmp_path: Path):
    blobs = FileBlobs(tmp_path)
    path = tmp_path / f"{blobs.put(b'package')}.gcx"
    written = path.stat().st_ino

    blobs.put(b"package")

    assert path.stat().st_ino == written


def test_a_disk_without_room_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(DiskFull, match="Nothing was published"):
            FileBlobs(tmp_path).put(b"content")
    assert list(tmp_path.iterdir()) == []


def test_a_fault_of_another_kind_keeps_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        FileBlobs(tmp_path).put(b"content")
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_half_written_is_deleted_in_a_day(tmp_path: Path):
    for name in ("old.part", "young.part"):
        (tmp_path / name).write_bytes(b"half")
    os.utime(tmp_path / "old.part", (0, 0))
    assert FileBlobs(tmp_path).stale(60) == []
    assert [path.name for path in tmp_path.iterdir()] == ["young.part"]
