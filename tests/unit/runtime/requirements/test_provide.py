"""The Python packages of a version put in place: from the package, the index, the cache."""

import hashlib
import os

import pytest

from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.requirements.ensure import ensure
from geminicrm.runtime.requirements.fetch import PipFetch
from geminicrm.runtime.requirements.problems import FetchFailed, RequirementsRefused
from geminicrm.runtime.requirements.where import noted_wheels
from tests.support.life import manifest
from tests.support.wheels import hash_of, lock_of, put_wheel

DIGEST = "sha256:" + "a" * 64


class Package:
    """An unpacked package in a home."""

    def __init__(self, home):
        self.home = home
        self.folder = home / "packages" / ("a" * 64)
        self.folder.mkdir(parents=True)
        self.wheels = self.folder / "wheels"

    def lock(self, *wheels):
        (self.folder / "requirements.lock").write_text(lock_of(*wheels))

    def ensure(self, fetch, *wanted):
        needy = build_manifest(manifest(requires={"python": list(wanted)}))
        return ensure(self.home, fetch, needy, DIGEST)


@pytest.fixture
def package(tmp_path):
    return Package(tmp_path / "home")


@pytest.fixture
def pip(index):
    return PipFetch(environment={**os.environ, **index.environment()})


def offline(pins, _into):
    raise FetchFailed(f"No network for {len(pins)} packages.")


def refused(package, fetch, *wanted):
    with pytest.raises(RequirementsRefused) as caught:
        package.ensure(fetch, *wanted)
    assert noted_wheels(package.home, DIGEST) is None
    return [(found.code, found.message) for found in caught.value.findings]


def test_wheels_of_the_package_need_no_network(package):
    wheel = put_wheel(package.wheels, "alpha", requires=["beta"])
    put_wheel(package.wheels, "beta")
    put_wheel(package.wheels, "unused")
    folder = package.ensure(offline, "alpha>=1")
    assert sorted(path.name for path in folder.glob("*.py")) == ["alpha.py", "beta.py"]
    assert hash_of(wheel) in noted_wheels(package.home, DIGEST)
    assert package.ensure(offline, "alpha>=1") == folder


def test_a_lock_file_is_fetched_once(package, index, pip):
    package.lock(
        put_wheel(index.folder, "alpha", requires=["beta"]), put_wheel(index.folder, "beta")
    )
    folder = package.ensure(pip, "alpha")
    assert (folder / "beta.py").is_file()
    (package.home / "requirements/by-package" / ("a" * 64)).unlink()
    assert package.ensure(offline, "alpha") == folder


def test_wheels_of_the_package_go_before_the_lock_file(package, index, pip):
    package.lock(put_wheel(index.folder, "alpha"), put_wheel(index.folder, "beta"))
    put_wheel(package.wheels, "alpha", files={"alpha.py": "OWN = True\n"})
    folder = package.ensure(pip, "alpha", "beta")
    assert (folder / "alpha.py").read_text() == "OWN = True\n"
    assert not any("alpha" in path for path in index.asked)


def test_what_the_host_has_is_not_fetched(package, index):
    package.lock(put_wheel(index.folder, "flask", "2.0"))
    assert package.ensure(offline, "flask>=3") is None
    assert noted_wheels(package.home, DIGEST) == ()


def test_what_does_not_count_here_is_not_looked_at(package):
    package.wheels.mkdir()
    (package.wheels / "broken.whl").touch()
    assert package.ensure(offline, "pywin32 ; sys_platform == 'win32'") is None


def test_pins_of_other_systems_are_not_fetched(package, index, pip):
    wheel = put_wheel(index.folder, "alpha")
    package.lock(wheel)
    with (package.folder / "requirements.lock").open("a") as file:
        file.write(f"beta==1 ; sys_platform == 'win32' --hash=sha256:{'b' * 64}\n")
    assert (package.ensure(pip, "alpha") / "alpha.py").is_file()


def test_without_network_the_way_out_is_told(package, index):
    package.lock(put_wheel(index.folder, "alpha"))
    [(code, message)] = refused(package, offline, "alpha")
    assert code == "not_fetched"
    assert "No network for 1 packages. Where the index can't be reached" in message


def test_without_wheels_and_lock_file_the_way_out_is_told(package):
    [(code, message)] = refused(package, offline, "alpha")
    assert code == "missing_requirement"
    assert "run `geminicrm ext lock`" in message


def test_files_that_are_wrong_are_refused(package):
    put_wheel(package.wheels, "alpha").rename(package.wheels / "alpha.tar.gz")
    (package.folder / "requirements.lock").write_text("--index-url x\n")
    found = dict(refused(package, offline, "alpha"))
    assert found["lock_wrong"].startswith("requirements.lock: '--index-url' is an option")
    assert found["not_a_wheel"].startswith("wheels/alpha.tar.gz: Only wheels")


def test_a_wheel_with_other_files_than_it_says_is_refused(package):
    put_wheel(package.wheels, "alpha", record=lambda hashes: {**hashes, "alpha.py": "sha256=x"})
    assert refused(package, offline, "alpha") == [
        (
            "wheel_wrong",
            "alpha-1.0-py3-none-any.whl: 'alpha.py' is not what its RECORD says.",
        )
    ]


def test_a_cache_that_somebody_spoilt_is_told(package, index, pip):
    package.lock(put_wheel(index.folder, "alpha"))
    package.ensure(pip, "alpha")
    [kept] = package.home.glob("wheels/*/*.whl")
    kept.chmod(0o644)
    kept.write_bytes(b"")
    (package.home / "requirements/by-package" / ("a" * 64)).unlink()
    [(code, _)] = refused(package, pip, "alpha")
    assert code == "wheel_wrong"


def test_each_package_has_its_own_version(package, tmp_path):
    put_wheel(package.wheels, "alpha", "1.0")
    first = package.ensure(offline, "alpha")
    other = tmp_path / "home/packages" / hashlib.sha256().hexdigest()
    put_wheel(other / "wheels", "alpha", "2.0")
    needy = build_manifest(manifest(requires={"python": ["alpha"]}))
    second = ensure(tmp_path / "home", offline, needy, other.name)
    assert (first / "alpha.py").read_text() == "VERSION = '1.0'\n"
    assert (second / "alpha.py").read_text() == "VERSION = '2.0'\n"
