"""Installing from another registry that is honest."""

import pytest

from marketplace.errors import UnknownExtension
from tests.support.far_registry import Crm, FarRegistry
from tests.support.life import HELLO, wanted


def test_a_package_is_installed_from_it(both_crms: Crm):
    crm = both_crms
    change = crm.life.cycle.install(crm.tenant.owner(), wanted())
    installed, origin = crm.installed()
    assert change.installation["version"] == "1.0.0"
    assert installed.registry_id == origin.registry_id == crm.registry_id()
    assert installed.signed_by == crm.far.publisher_key.id
    assert not installed.built_in
    assert crm.arriving() == []
    assert crm.kept() == [installed.digest.removeprefix("sha256:")]


def test_what_nobody_has_is_unknown(crm: Crm):
    with pytest.raises(UnknownExtension, match="no-such"):
        crm.life.cycle.plan(crm.tenant.owner(), "no-such")


def test_the_newest_listed_version_is_found_whatever_it_calls_the_latest(
    crm: Crm, far: FarRegistry
):
    far.put(version="2.0.0")
    far.put(version="1.5.0")
    ref = crm.core.marketplace.sources.find(crm.tenant.id, HELLO, None)
    assert ref.version == "2.0.0"
