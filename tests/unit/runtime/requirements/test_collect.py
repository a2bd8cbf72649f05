"""What nobody uses goes, after a while."""

import os
import time

import pytest

from geminicrm.runtime.install.files import held
from geminicrm.runtime.requirements.cache import WheelCache, digest_of
from geminicrm.runtime.requirements.folder import make_set
from geminicrm.runtime.requirements.provider import PythonRequirements
from geminicrm.runtime.requirements.where import note_wheels, notes_folder, wheels_folder
from tests.support.wheels import put_wheel

USED, GONE = "a" * 64, "b" * 64
DAY = 86_400.0


def refuse(_pins, _into):
    raise AssertionError("nothing is fetched here")


@pytest.fixture
def provider(tmp_path):
    return PythonRequirements(tmp_path, refuse)


@pytest.fixture
def left(tmp_path):
    """Two packages with a wheel each and one that they share; tell what is left of it all."""
    cache = WheelCache(wheels_folder(tmp_path))
    names = {}
    for name in ("own", "shared", "other"):
        path = put_wheel(tmp_path / "in", name)
        names[digest_of(path)] = name
        cache.add(path, digest_of(path))
    own, shared, other = names
    for package, wheels in ((USED, [own, shared]), (GONE, [shared, other])):
        note_wheels(tmp_path, package, wheels)
        names[make_set(tmp_path, cache, wheels).name] = f"{package[0]} set"
    places = (wheels_folder(tmp_path), tmp_path / "requirements", notes_folder(tmp_path))

    def tell():
        found = [path.name for place in places for path in place.iterdir()]
        return sorted(names.get(name, name[:10]) for name in found)

    return tell


def age(folder, seconds):
    for path in (*folder.glob("*"), *folder.glob("*/*")):
        os.utime(path, (time.time() - seconds,) * 2)


def test_what_no_package_has_goes(tmp_path, provider, left):
    age(wheels_folder(tmp_path), 2 * DAY)
    age(tmp_path / "requirements", 2 * DAY)
    provider.collect(lambda: {USED}, DAY)
    assert left() == ["a set", USED[:10], "by-package", "own", "shared"]


def test_what_is_young_stays(provider, left):
    before = left()
    provider.collect(lambda: {USED}, DAY)
    assert left() == before


def test_nothing_goes_while_somebody_installs(tmp_path, provider, left):
    before = left()
    age(wheels_folder(tmp_path), 2 * DAY)
    age(tmp_path / "requirements", 2 * DAY)
    with held(tmp_path / "packages"):
        provider.collect(set, DAY)
    assert left() == before


def test_a_home_without_any(provider):
    provider.collect(set, 0.0)
