"""A damaged package is fetched again by its digest: from the store, else from its registry."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from geminicrm.kernel.errors import ScopeMissing
from geminicrm.runtime.packages import PackageAway, Packages
from geminicrm.runtime.repairs import RepairFailed, Repairs
from marketplace.blobs import FileBlobs
from marketplace.package_reader import open_package
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, change_row, files, make_life, rows, zipped


class Bench:
    """A life with a store of packages, and repairs on it."""

    def __init__(self, life: Life, blobs: FileBlobs, restarted: list[str]) -> None:
        packages = Packages(life.packages, lambda digest: open_package(blobs.read(digest)).files)
        self.blobs, self.restarted, self.packages = blobs, restarted, packages
        self.repairs = Repairs(
            life.cycle.kit, packages, lambda _manifest, _digest: None, restarted.append
        )


@pytest.fixture
def blobs(tmp_path: Path) -> FileBlobs:
    return FileBlobs(tmp_path / "blobs")


@pytest.fixture
def life(core, blobs: FileBlobs, tenant: Tenant) -> Life:
    made = make_life(core, keep=blobs.put)
    made.shelf.put(zipped(files()))
    made.cycle.install(tenant.owner(), ALL)
    return made


@pytest.fixture
def bench(life: Life, blobs: FileBlobs) -> Bench:
    return Bench(life, blobs, [])


def forget_blob(bench: Bench, digest: str) -> None:
    bench.blobs.remove(digest.removeprefix("sha256:"))
    with pytest.raises(PackageAway):
        bench.packages.stored(digest)


def stay(_bench: Bench, _digest: str) -> None:
    """Leave the package where every machine has it."""


@pytest.mark.parametrize("forget", [stay, forget_blob], ids=["store", "registry"])
def test_it_is_there_again_and_runs(
    life: Life, bench: Bench, tenant: Tenant, forget: Callable[[Bench, str], None]
):
    (row,) = rows(life, tenant)
    folder = life.packages / row.digest.removeprefix("sha256:")
    shutil.rmtree(folder)
    change_row(life, tenant, status="failed", error="the file is missing")
    forget(bench, row.digest)

    change = bench.repairs.repair(tenant.owner(), HELLO)

    assert change.installation["status"] == "enabled"
    assert change.installation["error"] is None
    assert (folder / "extension.py").exists()
    assert bench.packages.sound(row.digest), "it is stored again too"
    assert bench.restarted == [row.id]


def test_another_package_under_the_same_version_is_refused(
    life: Life, bench: Bench, tenant: Tenant
):
    (row,) = rows(life, tenant)
    forget_blob(bench, row.digest)
    life.shelf.put(zipped(files(description="Something else.")))

    with pytest.raises(RepairFailed, match="another package under the version"):
        bench.repairs.repair(tenant.owner(), HELLO)
    assert bench.restarted == []


def test_a_registry_that_lies_is_refused(life: Life, bench: Bench, tenant: Tenant):
    (row,) = rows(life, tenant)
    forget_blob(bench, row.digest)
    life.shelf.contents[life.shelf.refs[HELLO, "1.0.0"].digest] = zipped({"x": b""})

    with pytest.raises(RepairFailed, match="another package"):
        bench.repairs.repair(tenant.owner(), HELLO)


def test_it_needs_the_permission(bench: Bench, tenant: Tenant):
    with pytest.raises(ScopeMissing):
        bench.repairs.repair(tenant.owner("read:extensions"), HELLO)
