"""What each step refuses, and what it finds."""

from dataclasses import replace
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.kernel.errors import BadRequest
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.install import resolve
from geminicrm.runtime.install.state import InstallState, Order, Refused
from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.problems import InstallFailed
from tests.support.core import Tenant
from tests.support.life import ALL, HELLO, Life, fails, files, make_life, manifest, zipped


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "md5:d41d8cd98f00b204e9800998ecf8427e", "A" * 64]
)
def test_no_digest_no_install(life: Life, tenant: Tenant, digest: str):
    content = zipped(files())
    life.shelf.put(content, digest=digest)
    assert "no SHA-256 digest" in fails(life, tenant, "verify").reason


def test_other_bytes_than_published_are_refused(life: Life, tenant: Tenant):
    ref = life.shelf.put(zipped(files()))
    life.shelf.contents[ref.digest] = zipped(files(name="Evil"))
    assert "not the published one" in fails(life, tenant, "verify").reason
    assert life.folders() == []


def test_a_registry_that_answers_with_another_is_refused(life: Life, tenant: Tenant):
    ref = life.shelf.put(zipped(files(id="other-one")), "other-one")
    life.shelf.refs[HELLO, "1.0.0"] = ref
    assert "another extension" in fails(life, tenant, "fetch").reason


def test_a_reader_that_refuses_is_quoted(core: Core, tenant: Tenant):
    def unpack(_content: bytes) -> dict[str, bytes]:
        raise BadRequest("It is a book.")

    life = make_life(core, unpack=unpack)
    life.shelf.put(zipped(files()))
    assert fails(life, tenant, "validate").reason == "It is a book."


@pytest.mark.parametrize("content", [{"../x": b""}, {**files(), "a": b"", "a/b": b""}, {"x": b""}])
def test_a_reader_that_lets_too_much_through_is_not_trusted(
    core: Core, tenant: Tenant, content: dict[str, bytes]
):
    life = make_life(
        core, unpack=lambda _content: {"manifest.json": files()["manifest.json"], **content}
    )
    life.shelf.put(zipped(files()))
    fails(life, tenant, "validate")
    assert life.folders() == []


def test_a_package_without_manifest_is_refused(core: Core, tenant: Tenant):
    life = make_life(core, unpack=lambda _content: {"x": b""})
    life.shelf.put(zipped(files()))
    assert fails(life, tenant, "validate").place == "manifest.json"


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"requires": {"extensions": {"base": "^2.0.0"}}}, "1.0.0 is installed"),
        ({"requires": {"extensions": {"absent": "*"}}}, "no registry offers absent"),
    ],
)
def test_what_is_required_is_told_in_words(
    life: Life, tenant: Tenant, wish: dict[str, Any], words: str
):
    life.shelf.put(zipped(files(id="base")), "base")
    life.cycle.install(tenant.owner(), InstallRequest(extension_id="base", grant="requested"))
    life.shelf.put(zipped(files(**wish)))
    with pytest.raises(InstallFailed) as caught:
        life.cycle.install(tenant.owner(), ALL)
    assert words in caught.value.reason
    assert caught.value.extra["errors"][0]["code"] == "needs_extension"


def test_a_core_that_is_too_old_is_told(core: Core, tenant: Tenant):
    life = make_life(core)
    life.shelf.put(zipped(files(requires={"geminicrm": ">=9"})))
    assert ">=9" in str(fails(life, tenant, "validate").extra)


def test_resolve_compares_with_this_core(life: Life, tenant: Tenant):
    made = build_manifest(manifest(api_version=1, requires={"geminicrm": ">=2.0.0"}))
    order = Order(actor=tenant.owner(), extension_id=HELLO, version=None)
    other = replace(life.cycle.pipeline.tools, api_versions={2, 3})
    with pytest.raises(Refused) as caught:
        resolve.do(InstallState(order=order, manifest_read=made), other)
    assert "It speaks api_version 1, and this core 2, 3." in caught.value.reason
    assert "It needs GeminiCRM Pro >=2.0.0, and this is 1.4.0." in caught.value.reason


def test_a_folder_that_is_there_is_used_again(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.uninstall(tenant.owner(), HELLO)
    (name,) = life.folders()
    before = (life.packages / name).stat().st_ino
    life.cycle.install(tenant.owner(), ALL)
    assert (life.packages / name).stat().st_ino == before


def test_a_folder_that_somebody_changed_is_refused(life: Life, tenant: Tenant):
    life.cycle.install(tenant.owner(), ALL)
    life.cycle.uninstall(tenant.owner(), HELLO)
    (life.packages / life.folders()[0] / "extension.py").write_text("evil = True\n")
    assert "Somebody changed it" in fails(life, tenant, "stage").reason
    assert len(life.folders()) == 1
