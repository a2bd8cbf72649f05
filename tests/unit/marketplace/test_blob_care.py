"""Packages that nobody names go after a day; those of older versions move into the database."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.runtime.history.models import RemovedInstallation
from marketplace.blob_care import DAY_SECONDS, blobs_of, collect_blobs, move_in, named
from marketplace.blobs import DatabaseBlobs, FileBlobs, PackageDamaged
from tests.support.core import Tenant, make_tenant


def remove_something(core: Core, tenant: Tenant, digest: str) -> None:
    with core.works.write(tenant.system()) as work:
        work.session.add(
            RemovedInstallation(
                id="rem_1",
                extension_id="hello-world",
                version="1.0.0",
                digest=f"sha256:{digest}",
                facts={},
                data="keep",
                documents=0,
                removed_by="Olga",
                removed_at=work.now,
                expires_at=work.now + timedelta(days=30),
            )
        )


def test_what_nothing_names_goes_after_a_day(both_cores: Core, clock: FixedClock):
    blobs = DatabaseBlobs(both_cores.works)
    tenant = make_tenant(both_cores, "north")
    orphan, kept = blobs.put(b"orphan"), blobs.put(b"can come back")
    remove_something(both_cores, tenant, kept)
    assert collect_blobs(both_cores.works, blobs) == [], "somebody may be about to name it"

    clock.advance(DAY_SECONDS + 1)
    young = blobs.put(b"young")

    assert collect_blobs(both_cores.works, blobs) == [orphan]
    assert blobs.read(kept) == b"can come back"
    assert blobs.read(young) == b"young"
    with pytest.raises(PackageDamaged):
        blobs.read(orphan)


def test_what_a_server_had_in_files_moves_into_the_database(core: Core, tenant: Tenant):
    files = FileBlobs(core.settings.home / "registry")
    mine = files.put(b"mine")
    files.put(b"nobody's")
    remove_something(core, tenant, mine)
    store = blobs_of(core.works, core.settings.home, "database")

    assert [move_in(core.works, store, core.settings.home) for _ in range(2)] == [1, 0]
    assert store.read(mine) == b"mine"
    assert move_in(core.works, files, core.settings.home) == 0


def test_a_core_has_its_packages_named(make_core: Callable[..., Core]):
    core = make_core(GEMINICRM_BLOBS="database")

    assert isinstance(core.marketplace.blobs, DatabaseBlobs)
    assert named(core.works) == set()
