from pathlib import Path

import pytest
from structlog.testing import capture_logs

from geminicrm.app import Core
from geminicrm.kernel.errors import TooLarge
from marketplace import offer
from marketplace.offer import built_in_folder, offer_builtins, publish_file
from marketplace.packages import MAX_PACKAGE_BYTES, pack
from marketplace.service import Registry
from tests.support.core import Tenant
from tests.unit.marketplace.conftest import Author, sign_up


def test_every_folder_with_a_manifest_is_offered(
    registry: Registry, author: Author, tenant: Tenant
):
    author.write("mail-sync")
    author.write("lead-scorer")
    (author.folder / "sdk").mkdir()

    offered = offer_builtins(registry, author.folder)

    assert [each.release.extension_id for each in offered] == ["lead-scorer", "mail-sync"]
    assert registry.get(tenant.owner(), "mail-sync")[0].built_in


def test_what_has_not_changed_is_left_alone(registry: Registry, author: Author):
    author.write("mail-sync")
    offer_builtins(registry, author.folder)

    assert offer_builtins(registry, author.folder) == []


def test_a_change_without_a_new_version_is_said_in_the_log(registry: Registry, author: Author):
    folder = author.write("mail-sync")
    offer_builtins(registry, author.folder)
    (folder / "README.md").write_text("# Changed\n")

    with capture_logs() as logs:
        offered = offer_builtins(registry, author.folder)

    assert len(offered) == 1
    assert "a built-in extension changed without a new version" in [log["event"] for log in logs]


def test_one_that_is_wrong_does_not_keep_the_others_back(registry: Registry, author: Author):
    author.write("lead-scorer", permissions=["read:everything"])
    author.write("mail-sync")

    with capture_logs() as logs:
        offered = offer_builtins(registry, author.folder)

    assert [each.release.extension_id for each in offered] == ["mail-sync"]
    assert [log["folder"] for log in logs if log["log_level"] == "error"] == ["lead_scorer"]


def test_an_id_that_somebody_published_first_stays_theirs(
    core: Core, registry: Registry, author: Author, tenant: Tenant
):
    sign_up(core, tenant)
    registry.publish(tenant.owner(), author.package("mail-sync", version="0.0.1"))
    author.write("mail-sync", version="1.0.0")

    assert offer_builtins(registry, author.folder) == []


def test_the_extensions_of_the_core_are_found():
    assert (built_in_folder() / "extension_base.py").is_file()


def test_without_the_package_the_reason_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(offer, "find_spec", lambda _name: None)

    with pytest.raises(ModuleNotFoundError, match="is not installed"):
        built_in_folder()


def test_a_package_is_published_by_its_path(
    registry: Registry, author: Author, tenant: Tenant, tmp_path: Path
):
    packed = pack(author.write(), tmp_path)

    published = publish_file(registry, tenant.owner(), packed.path)

    assert f"sha256:{published.release.digest}" == packed.digest


def test_a_huge_file_is_not_read(registry: Registry, tenant: Tenant, tmp_path: Path):
    path = tmp_path / "huge.gcx"
    with path.open("wb") as file:
        file.truncate(MAX_PACKAGE_BYTES + 1)

    with pytest.raises(TooLarge, match=r"huge\.gcx"):
        publish_file(registry, tenant.owner(), path)
