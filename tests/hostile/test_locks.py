"""Every attack on the system against the locks alone: all locks, older kernels, one layer off."""

import os

import pytest

from tests.support import reachable
from tests.support.hostile.expectations import (
    BOMBS,
    ENDINGS,
    EXPECTED,
    SWITCHED,
    succeeded,
)
from tests.support.hostile.gallery import Setting, opened
from tests.support.hostile_extension.attacks.system import ATTACKS

ALL = sorted(EXPECTED)
SOME = 60
HARMLESS = [name for name in ALL if name not in BOMBS]
OLDER = [1, 2, 4]
_LOCKS = SWITCHED | {"rlimits"}
ROOT = os.geteuid() == 0
pytestmark = pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="the attacks are written for x86_64"
)


@pytest.fixture(scope="module")
def reach():
    found = reachable.reach() or (None if ROOT else reachable.own())
    return found or pytest.skip("no python of this version that other users can run")


@pytest.fixture(scope="module")
def ordinary(reach):
    """A gallery of an ordinary user: ourselves, unless we are root."""
    with opened(reach, reachable.NOBODY if ROOT else None) as gallery:
        yield gallery


@pytest.fixture(scope="module")
def by_root(reach):
    """A gallery of root, in which hosts can have users of their own."""
    if not ROOT:
        pytest.skip("only root can become another user")
    with opened(reach, None) as gallery:
        yield gallery


def _outcomes(gallery, setting, names):
    gallery.world.rebuild()
    return {name: gallery.try_one(name, setting) for name in names}


def _surprises(gallery, setting, names=ALL):
    outcomes = _outcomes(gallery, setting, names)
    return {name: found for name, found in outcomes.items() if EXPECTED[name].wonders(found)}


def test_there_are_enough_of_them_and_each_is_expected():
    assert len(EXPECTED) > 100
    assert set(ATTACKS) == set(EXPECTED) | ENDINGS


@pytest.mark.parametrize("setting", [Setting(own_user=True), Setting()], ids=str)
def test_under_root_all_locks_stop_each(by_root, setting):
    names = [name for name in ALL if setting.own_user or name != "read_private_file"]
    assert _surprises(by_root, setting, names) == {}
    assert by_root.world.untouched()


def test_under_an_ordinary_user_all_locks_stop_each(ordinary):
    assert _surprises(ordinary, Setting()) == {}
    assert ordinary.world.untouched()


@pytest.mark.long
@pytest.mark.parametrize("abi", OLDER)
def test_under_root_an_older_landlock_is_enough(by_root, sample, abi):
    names = sample(ALL, SOME)
    assert _surprises(by_root, Setting(own_user=True, abi=abi), names) == {}
    assert by_root.world.untouched()


@pytest.mark.long
@pytest.mark.parametrize("abi", OLDER)
def test_under_an_ordinary_user_an_older_landlock_is_enough(ordinary, sample, abi):
    assert _surprises(ordinary, Setting(abi=abi), sample(ALL, SOME)) == {}
    assert ordinary.world.untouched()


@pytest.mark.parametrize("layer", sorted(SWITCHED))
def test_a_layer_alone_stops_what_is_said_of_it(ordinary, layer):
    off = _through(ordinary, Setting(without=(layer,)))
    assert off == {name for name in ALL if EXPECTED[name].gets_through(frozenset({layer}))}
    assert len(off) > 10


def _through(gallery, setting, names=ALL):
    through = set()
    for name in names:
        gallery.world.rebuild()
        found = gallery.try_one(name, setting)
        through |= {name} if succeeded(found) or "killed" in found else set()
    return through - _killed_by_the_filter(setting)


def _killed_by_the_filter(setting):
    killed = {name for name in ALL if "SIGSYS" in EXPECTED[name].looks}
    return set() if setting is None or "seccomp" in setting.without else killed


def test_the_own_user_alone_stops_what_is_said_of_it(by_root):
    names = ["read_private_file"]
    on, off = (
        _through(by_root, Setting(own_user=True, without=each), names) for each in ((), ("uid",))
    )
    assert (on, off) == (set(), set(names))


def test_the_capabilities_alone_stop_what_is_said_of_them(by_root):
    names = ["read_forbidden_file"]
    on, off = (_through(by_root, Setting(without=each), names) for each in ((), ("capabilities",)))
    assert (on, off) == (set(), set(names))


def test_without_locks_an_ordinary_user_gets_through(ordinary):
    """An attack that nothing stops without locks would prove nothing with them."""
    assert _through(ordinary, None, HARMLESS) >= {
        name for name in HARMLESS if not EXPECTED[name].stopped_by - _LOCKS
    }
