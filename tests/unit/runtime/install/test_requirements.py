"""The step that puts the Python packages of a version in place, and its way back."""

import json

import pytest

from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.problems import InstallFailed
from geminicrm.runtime.requirements.problems import FetchFailed
from geminicrm.runtime.requirements.where import noted_wheels, requirements_folder
from tests.support.core import make_tenant
from tests.support.life import HELLO, files, forget_removed, make_life, wanted, zipped
from tests.support.wheels import lock_of, put_wheel

TRUSTED = wanted(trust=HELLO, allow_unsigned=True)


def offline(_pins, _into):
    raise FetchFailed("There is no network.")


@pytest.fixture
def life(core):
    return make_life(core, fetch=offline)


@pytest.fixture
def wheel(tmp_path):
    return put_wheel(tmp_path / "in", "alpha")


def offer(life, more=None, *, python=("alpha",), **facts):
    content = {**files(requires={"python": list(python)}), **(more or {})}
    return life.shelf.put(zipped(content), **{"built_in": False, **facts}).digest


def inside(wheel):
    return {f"wheels/{wheel.name}": wheel.read_bytes()}


def crash(draft):
    raise ExtensionFailed(draft.extension_id, "import", "extension.py:1", "ImportError: alpha")


def fails(life, tenant, request=TRUSTED):
    with pytest.raises(InstallFailed) as caught:
        life.cycle.install(tenant.owner(), request)
    return caught.value


def test_the_packages_of_a_version_are_put_in_place(life, tenant, wheel):
    digest = offer(life, inside(wheel))
    change = life.cycle.install(tenant.owner(), TRUSTED)
    assert "requirements" in [step.step for step in change.steps]
    home = life.packages.parent
    manifest = life.cycle.inventory.manifest(tenant.owner(), HELLO)
    assert (requirements_folder(home, manifest, digest) / "alpha.py").is_file()


def test_a_failed_install_lets_go_of_them(life, tenant, wheel):
    digest = offer(life, inside(wheel))
    life.runner.loading = crash
    assert fails(life, tenant).step == "load"
    assert noted_wheels(life.packages.parent, digest) is None
    assert life.folders() == []


def test_a_failed_install_leaves_those_that_others_have(life, core, tenant, wheel):
    digest = offer(life, inside(wheel))
    life.cycle.install(make_tenant(core, "other").owner(), TRUSTED)
    life.runner.loading = crash
    fails(life, tenant)
    assert noted_wheels(life.packages.parent, digest) is not None


def test_what_can_not_be_fetched_is_told(life, tenant, wheel):
    offer(life, {"requirements.lock": lock_of(wheel).encode()})
    failed = fails(life, tenant)
    assert (failed.step, failed.findings[0].code) == ("requirements", "not_fetched")
    assert "There is no network. Where the index can't be reached" in failed.reason
    assert life.folders() == []


def test_a_wheel_for_another_system_is_told(life, tenant, tmp_path):
    offer(life, inside(put_wheel(tmp_path / "in", "alpha", tag="cp27-cp27m-win32")))
    assert fails(life, tenant).findings[0].code == "wheel_unfit"


def test_a_conflict_with_the_host_is_in_the_plan_already(life, tenant):
    offer(life, python=["flask<3"])
    with pytest.raises(InstallFailed) as caught:
        life.cycle.plan(tenant.owner(), HELLO, allow_unsigned=True)
    assert "flask is the host's own" in json.dumps(caught.value.extra["errors"])


def test_a_built_in_shares_what_the_core_has(life, tenant):
    digest = offer(life, python=["requests>=2"], built_in=True)
    assert life.cycle.install(tenant.owner(), wanted()).live
    assert noted_wheels(life.packages.parent, digest) is None


def test_a_built_in_brings_nothing(life, tenant, wheel):
    offer(life, inside(wheel), built_in=True)
    failed = fails(life, tenant, wanted())
    assert (failed.step, failed.findings[0].code) == ("requirements", "core_lacks")


def test_what_was_uninstalled_is_collected(life, tenant, wheel):
    digest = offer(life, inside(wheel))
    life.cycle.install(tenant.owner(), TRUSTED)
    life.cycle.uninstall(tenant.owner(), HELLO)
    forget_removed(life, tenant)
    assert life.cycle.collect(older_than=-1.0) == [digest.removeprefix("sha256:")]
    home = life.packages.parent
    assert [path.name for path in (home / "requirements").iterdir()] == ["by-package"]
    assert list((home / "wheels").iterdir()) == []
