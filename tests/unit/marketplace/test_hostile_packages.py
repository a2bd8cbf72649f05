"""Every kind of bad package gets its own finding, and odd ones that are right get none."""

import pytest

from geminicrm.runtime.check.codes import ARCHIVE
from marketplace.package_reader import PackageInvalid, open_package
from marketplace.signed_package import split_package
from tests.support.hostile_packages import HARMLESS, HOSTILE


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_package_is_refused_with_its_code(name):
    make, code = HOSTILE[name]

    with pytest.raises(PackageInvalid) as caught:
        open_package(split_package(make())[0])

    assert caught.value.findings[0].code == code
    assert caught.value.findings[0].message


@pytest.mark.parametrize("name", HARMLESS)
def test_an_odd_package_is_read(name):
    assert open_package(HARMLESS[name]()).id == "hello-world"


def test_every_code_of_archives_is_met():
    assert {code for _, code in HOSTILE.values()} == set(ARCHIVE)
