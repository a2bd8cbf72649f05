"""Packages come to this machine by digest: whole or not at all, once, and never under a request."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geminicrm.kernel.errors import Unavailable
from geminicrm.runtime.packages import PackageAway, Packages
from tests.support.waiting import eventually

DIGEST = "sha256:" + "a" * 64
FILES = {"manifest.json": b"{}", "static/icon.svg": b"<svg/>"}


class Store:
    """Gives the files, once it may."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may = threading.Event()
        self.may.set()
        self.error: Exception | None = None

    def __call__(self, digest: str) -> Mapping[str, bytes]:
        self.asked.append(digest)
        self.may.wait(20)
        if self.error is not None:
            raise self.error
        return FILES


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def packages(tmp_path: Path, store: Store) -> Packages:
    return Packages(tmp_path / "packages", store)


def test_a_missing_one_is_brought_and_kept(packages: Packages, store: Store):
    folder = packages.ensure(DIGEST)

    assert (folder / "static/icon.svg").read_bytes() == b"<svg/>"
    assert packages.ensure(DIGEST) == folder
    assert store.asked == ["a" * 64]
    assert packages.sound(DIGEST)


def test_those_who_want_it_together_ask_once(packages: Packages, store: Store):
    with ThreadPoolExecutor(4) as pool:
        folders = set(pool.map(packages.ensure, [DIGEST] * 8))

    assert folders == {packages.path(DIGEST)}
    assert len(store.asked) == 1


def test_what_can_not_be_had_leaves_nothing(packages: Packages, store: Store):
    store.error = Unavailable("The database is away.")

    with pytest.raises(PackageAway, match="The database is away"):
        packages.ensure(DIGEST)
    assert not packages.here(DIGEST)


def test_it_is_fetched_beside_what_runs(packages: Packages, store: Store):
    store.may.clear()
    done = threading.Event()

    assert packages.fetch_soon(DIGEST, done.set) is None
    assert packages.fetch_soon(DIGEST, done.set) is None, "it is on its way"
    assert packages.busy()
    store.may.set()

    assert done.wait(20)
    assert packages.here(DIGEST)
    assert len(store.asked) == 1
    eventually(lambda: not packages.busy(), 20)


def test_what_could_not_be_had_a_moment_ago_is_not_asked_for_again(
    packages: Packages, store: Store
):
    store.error = OSError(28, "No space left on device")
    done = threading.Event()
    packages.fetch_soon(DIGEST, done.set)
    assert done.wait(20)

    assert "No space left" in str(packages.fetch_soon(DIGEST, done.set))
    assert len(store.asked) == 1


def test_a_changed_one_is_found_and_put_back(packages: Packages):
    folder = packages.ensure(DIGEST)
    (folder / "manifest.json").write_bytes(b"changed")
    assert not packages.sound(DIGEST)

    packages.put_back(DIGEST, FILES)

    assert packages.sound(DIGEST)
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == ["a" * 64]


def test_without_a_store_nothing_can_be_brought(tmp_path: Path):
    with pytest.raises(PackageAway, match="stored nowhere"):
        Packages(tmp_path).ensure(DIGEST)
