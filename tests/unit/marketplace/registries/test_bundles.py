"""Mirrors and bundles: verified, deterministic, and nothing hostile gets out of one."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import AppError, Conflict
from marketplace.registries.bundle import read_bundle, write_bundle
from marketplace.registries.errors import BundleRefused, KeyNotPinned, RegistryRefused
from marketplace.registries.service import Wish
from marketplace.signing.keys import SigningKey
from tests.support.far_registry import Crm, FarRegistry
from tests.support.life import HELLO, wanted

SIZE = 300


@pytest.fixture
def mirrored(crm: Crm, far: FarRegistry, tmp_path: Path) -> Path:
    """Give a folder with a copy of the far registry."""
    far.put(version="1.1.0")
    far.put("second-one")
    wish = Wish(name="copy", url=far.url, key=far.key.id)
    found = crm.core.marketplace.bundles.mirror(wish, tmp_path / "mirror")
    assert (found.extensions, found.versions) == (2, 3)
    return tmp_path / "mirror"


@pytest.fixture
def bundle(mirrored: Path, tmp_path: Path) -> Path:
    """Give the same in one file."""
    write_bundle(mirrored, tmp_path / "far.tar")
    return tmp_path / "far.tar"


@pytest.fixture
def alone(crm: Crm, far: FarRegistry) -> Crm:
    """Give a CRM whose only other registry was removed."""
    crm.core.marketplace.registries.remove(crm.operator, "north-star")
    far.asked.clear()
    return crm


def test_a_mirror_is_a_registry(alone: Crm, mirrored: Path, far: FarRegistry):
    market = alone.core.marketplace
    before = len(far.asked)
    wish = Wish(name="copy", url=f"file://{mirrored}", key=far.key.id)
    market.registries.add(alone.operator, wish)
    alone.life.cycle.install(alone.tenant.owner(), wanted())
    assert alone.installed()[0].version == "1.1.0"
    assert len(far.asked) == before


def test_a_mirror_is_brought_up_to_date(crm: Crm, mirrored: Path, far: FarRegistry):
    far.rotate(2)
    far.say_notices(2)
    far.put(version="3.0.0")
    far.asked.clear()
    found = crm.core.marketplace.bundles.mirror(Wish(name="copy", url=far.url), mirrored)
    assert found.versions == 4
    assert [path for path in far.asked if "/packages/" in path] == [
        far.package_path(version="3.0.0")
    ]


def test_a_mirror_does_not_follow_keys_of_somebody_else(crm: Crm, mirrored: Path, far: FarRegistry):
    far.key, far.following = SigningKey.make(), SigningKey.make()
    far.say_keys(2)
    far.say_notices(2)
    with pytest.raises(RegistryRefused):
        crm.core.marketplace.bundles.mirror(Wish(name="copy", url=far.url), mirrored)


def test_what_was_changed_in_a_mirror_is_found(alone: Crm, mirrored: Path, far: FarRegistry):
    market = alone.core.marketplace
    wish = Wish(name="copy", url=f"file://{mirrored}", key=far.key.id)
    market.registries.add(alone.operator, wish)
    for package in (mirrored / "packages").iterdir():
        package.write_bytes(bytes(reversed(package.read_bytes())))
    with pytest.raises(RegistryRefused, match="is not the one that was signed"):
        alone.life.cycle.install(alone.tenant.owner(), wanted())


def test_a_link_in_a_mirror_leads_nowhere(alone: Crm, mirrored: Path, far: FarRegistry):
    market = alone.core.marketplace
    wish = Wish(name="copy", url=f"file://{mirrored}", key=far.key.id)
    market.registries.add(alone.operator, wish)
    versions = mirrored / f"extensions/{HELLO}/versions.json"
    versions.unlink()
    versions.symlink_to("/etc/passwd")
    with pytest.raises(RegistryRefused, match="leads out of its folder"):
        market.sources.find(alone.tenant.id, HELLO, None)


def test_a_mirror_is_searched(alone: Crm, mirrored: Path, far: FarRegistry):
    clients = alone.core.marketplace.registries._clients  # noqa: SLF001 - no page asks for it yet
    transport = clients.transport("copy", f"file://{mirrored}", None)
    answer = json.loads(transport.get("/extensions", {"limit": "1"}, most=10**6, seconds=1))
    assert (len(answer["data"]), answer["total"], answer["next_cursor"]) == (1, 2, "1")
    found = json.loads(transport.get("/extensions", {"q": "second"}, most=10**6, seconds=1))
    assert found["total"] == 1
    with pytest.raises(RegistryRefused):
        transport.get("/extensions", {"cursor": "x"}, most=10**6, seconds=1)


def test_the_same_content_gives_the_same_bytes(mirrored: Path, bundle: Path, tmp_path: Path):
    again = tmp_path / "again.tar"
    for path in mirrored.rglob("*.json"):
        path.touch()
        path.chmod(0o600)
    write_bundle(mirrored, again)
    assert again.read_bytes() == bundle.read_bytes()


def test_a_bundle_is_imported_and_installed_from(alone: Crm, bundle: Path, far: FarRegistry):
    bundles = alone.core.marketplace.bundles
    with pytest.raises(KeyNotPinned):
        bundles.bring_in(alone.operator, bundle, Wish(name="far", url=""))
    made = bundles.bring_in(alone.operator, bundle, Wish(name="far", url="", key=far.key.id))
    assert made["url"].startswith("file:///")
    asked = len(far.asked)
    alone.life.cycle.install(alone.tenant.owner(), wanted())
    assert len(far.asked) == asked


def test_a_newer_bundle_takes_the_place_of_an_older_one(
    alone: Crm, bundle: Path, mirrored: Path, far: FarRegistry, clock: FixedClock, tmp_path: Path
):
    bundles, wish = alone.core.marketplace.bundles, Wish(name="far", url="", key=far.key.id)
    bundles.bring_in(alone.operator, bundle, wish)
    far.say_notices(2)
    far.put(version="4.0.0")
    bundles.mirror(Wish(name="copy", url=far.url), mirrored)
    write_bundle(mirrored, tmp_path / "newer.tar")
    clock.advance(60)
    bundles.bring_in(alone.operator, tmp_path / "newer.tar", Wish(name="far", url=""))
    assert alone.core.marketplace.sources.find(alone.tenant.id, HELLO, None).version == "4.0.0"
    with pytest.raises(RegistryRefused, match="older"):
        bundles.bring_in(alone.operator, bundle, Wish(name="far", url=""))


def test_a_bundle_signed_by_somebody_else(alone: Crm, bundle: Path):
    wish = Wish(name="far", url="", key=SigningKey.make().id)
    with pytest.raises(RegistryRefused, match="Nothing was imported"):
        alone.core.marketplace.bundles.bring_in(alone.operator, bundle, wish)
    assert list((alone.core.settings.home / "registries").iterdir()) == []


def test_a_bundle_does_not_take_the_place_of_another_registry(crm: Crm, bundle: Path):
    with pytest.raises(Conflict, match="was not imported"):
        crm.core.marketplace.bundles.bring_in(crm.operator, bundle, Wish(name="north-star", url=""))


def member(name: str, **facts: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = SIZE
    for key, value in facts.items():
        setattr(info, key, value)
    return info, b"x" * info.size


HOSTILE = {
    "out of the folder": [member("../evil.json")],
    "a whole path": [member("/etc/cron.d/evil")],
    "out in the middle": [member("extensions/../../evil.json")],
    "another name": [member("setup.py")],
    "an id that is a path": [member("extensions/..json")],
    "a link": [member("keys.json", type=tarfile.SYMTYPE, linkname="/etc/passwd", size=0)],
    "a hard link": [member("keys.json", type=tarfile.LNKTYPE, linkname="/etc/passwd", size=0)],
    "a device": [member("keys.json", type=tarfile.CHRTYPE, size=0)],
    "a folder": [member("extensions", type=tarfile.DIRTYPE, size=0)],
    "a pipe": [member("keys.json", type=tarfile.FIFOTYPE, size=0)],
    "twice": [member("keys.json"), member("keys.json")],
    "too large": [member(f"packages/{'0' * 64}.gcx", size=21 * 1024 * 1024)],
}


@pytest.mark.parametrize("how", HOSTILE)
def test_what_no_bundle_may_hold(how: str, tmp_path: Path):
    place = tmp_path / "inner"
    place.mkdir()
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        for info, content in HOSTILE[how]:
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(BundleRefused):
        read_bundle(tmp_path / "evil.tar", place)
    assert not (tmp_path / "evil.json").exists()


def test_a_name_with_a_nul_and_no_tar_at_all(tmp_path: Path):
    for content in (b"", b"PK\x03\x04", b"\x1f\x8b" + b"\0" * 100, b"x" * 5000):
        (tmp_path / "no.tar").write_bytes(content)
        (tmp_path / "inner").mkdir(exist_ok=True)
        with pytest.raises(BundleRefused):
            read_bundle(tmp_path / "no.tar", tmp_path / "inner")


def test_a_bundle_that_ends_early(alone: Crm, bundle: Path, far: FarRegistry):
    bundle.write_bytes(bundle.read_bytes()[:-15_000])
    wish = Wish(name="far", url="", key=far.key.id)
    with pytest.raises((BundleRefused, RegistryRefused)):
        alone.core.marketplace.bundles.bring_in(alone.operator, bundle, wish)
    assert list((alone.core.settings.home / "registries").iterdir()) == []


def test_nobody_but_operators_may(crm: Crm, bundle: Path):
    with pytest.raises(AppError, match="operate:instance"):
        crm.core.marketplace.bundles.bring_in(crm.tenant.owner(), bundle, Wish(name="far", url=""))
