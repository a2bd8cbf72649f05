"""Registries that sign something else, or nothing: records, keys and notices that are refused."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import AppError
from marketplace.errors import UnknownExtension
from marketplace.registries.errors import NoticesExpired, RegistryRefused
from marketplace.signing.keys import SigningKey
from tests.support.core import START
from tests.support.far_lies import refused, sending
from tests.support.far_registry import DAY, Crm, FarRegistry, whole
from tests.support.life import HELLO, wanted


@pytest.fixture
def a_minute_later(crm: Crm, clock: FixedClock) -> FixedClock:
    """Let what was asked when the registry was added be old."""
    clock.advance(60)
    return clock


def change(far: FarRegistry, **members: Any) -> None:
    """Change members of an entry beside its record."""
    far.entries[HELLO, "1.0.0"].update(members)


def changed_record(far: FarRegistry, *signers: SigningKey, **members: Any) -> None:
    """Sign another record for the version."""
    record = json.loads(far.entries[HELLO, "1.0.0"]["record"])
    far.entries[HELLO, "1.0.0"] = far.entry({**record, **members}, *signers)


def test_a_record_without_signatures(crm: Crm, far: FarRegistry):
    change(far, record_signatures=[])
    assert "not signed by a key" in refused(crm, RegistryRefused).detail


def test_a_record_signed_by_a_stranger(crm: Crm, far: FarRegistry):
    changed_record(far, SigningKey.make())
    refused(crm, RegistryRefused)


def test_a_record_that_was_changed_after_it_was_signed(crm: Crm, far: FarRegistry):
    entry = far.entries[HELLO, "1.0.0"]
    change(far, record=entry["record"].replace("Ada", "Eve"))
    refused(crm, RegistryRefused)


def test_a_stranger_who_names_the_key_of_another(crm: Crm, far: FarRegistry):
    lines = [{"key_id": far.key.id, "value": SigningKey.make().sign(b"x").value}]
    change(far, record_signatures=lines)
    refused(crm, RegistryRefused)


def test_the_record_of_another_extension(crm: Crm, far: FarRegistry):
    far.put("other-one")
    far.entries[HELLO, "1.0.0"] = far.entries["other-one", "1.0.0"]
    error = refused(crm, RegistryRefused)
    assert "'other-one' when asked for 'hello-world'" in error.detail


def test_the_package_of_another_version(crm: Crm, far: FarRegistry):
    other = far.put(version="2.0.0")
    path = far.package_path()
    del far.entries[HELLO, "2.0.0"]
    far.instead[path] = sending(whole(other))
    refused(crm, RegistryRefused)


def test_the_record_of_a_document(crm: Crm, far: FarRegistry):
    notices = far.documents["notices"]
    change(far, record=notices["text"], record_signatures=notices["signatures"])
    refused(crm, RegistryRefused)


NONSENSE: tuple[dict[str, Any], ...] = (
    {"digest": "sha256:12"},
    {"digest": "md5:" + "0" * 64},
    {"size": 10**12},
    {"size": -1},
    {"version": "1"},
    {"manifest": {}},
    {"manifest": {"id": "other-one", "version": "1.0.0"}},
    {"signature": {"key_id": "x", "public": "y", "value": "z"}},
    {"published_at": "yesterday"},
)


def test_signed_records_that_make_no_sense(crm: Crm, far: FarRegistry):
    for members in NONSENSE:
        far.put()
        changed_record(far, far.key, **members)
        refused(crm, RegistryRefused)


def test_a_version_twice(crm: Crm, far: FarRegistry):
    far.entries[HELLO, "again"] = far.entries[HELLO, "1.0.0"]
    refused(crm, RegistryRefused)


def test_a_built_in_of_another_registry_is_none(crm: Crm, far: FarRegistry):
    change(far, built_in=True)
    changed_record(far, far.key, built_in=True)
    assert not crm.core.marketplace.sources.find(crm.tenant.id, HELLO, None).built_in


def test_a_publishers_signature_that_does_not_hold_counts_as_none(crm: Crm, far: FarRegistry):
    record = json.loads(far.entries[HELLO, "1.0.0"]["record"])
    value = far.publisher_key.sign(b"something else").value
    changed_record(far, far.key, signature={**record["signature"], "value": value})
    error = refused(crm, AppError)
    assert "not signed by its publisher" in error.detail


def test_a_reference_that_says_more_than_its_record(crm: Crm, far: FarRegistry):
    far.put(version="2.0.0")
    sources = crm.core.marketplace.sources
    ref = sources.find(crm.tenant.id, HELLO, "1.0.0")
    other = sources.find(crm.tenant.id, HELLO, "2.0.0")
    assert not sources.vouch(replace(ref, built_in=True)).built_in
    for wrong in (
        replace(ref, record=None),
        replace(ref, digest=other.digest),
        replace(ref, version="2.0.0"),
        replace(ref, record=other.record, record_signatures=other.record_signatures),
        replace(ref, registry_id="reg_other"),
    ):
        with pytest.raises(RegistryRefused):
            sources.vouch(wrong)


# keys


@pytest.mark.usefixtures("a_minute_later")
def test_keys_that_rotate_with_overlap_are_followed(crm: Crm, far: FarRegistry):
    far.rotate(2)
    far.put()
    far.say_notices(2)
    crm.life.cycle.install(crm.tenant.owner(), wanted())
    shown = crm.core.marketplace.registries.get(crm.operator, "north-star")
    assert shown["fingerprints"] == [far.key.id]
    assert shown["keys_serial"] == 2


@pytest.mark.usefixtures("a_minute_later")
def test_keys_of_somebody_else(crm: Crm, far: FarRegistry):
    far.key, far.following = SigningKey.make(), SigningKey.make()
    far.say_keys(2)
    far.put()
    error = refused(crm, RegistryRefused)
    assert "None of the keys that are pinned" in error.detail


@pytest.mark.usefixtures("a_minute_later")
def test_keys_from_before(crm: Crm, far: FarRegistry):
    before = far.documents["keys"]
    far.say_keys(2)
    crm.core.marketplace.registries.refreshing.every()
    far.documents["keys"] = before
    crm_clock = crm.core.works.clock
    assert isinstance(crm_clock, FixedClock)
    crm_clock.advance(60)
    assert "older" in refused(crm, RegistryRefused).detail


# notices


@pytest.mark.usefixtures("a_minute_later")
def test_notices_that_are_not_signed_as_pinned(crm: Crm, far: FarRegistry):
    honest, far.key = far.key, SigningKey.make()
    far.say_notices(2)
    far.key = honest
    refused(crm, RegistryRefused)


def test_notices_from_before(crm: Crm, far: FarRegistry, a_minute_later: FixedClock):
    before = far.documents["notices"]
    far.say_notices(5, yanked=[{"extension_id": HELLO, "version": "1.0.0"}])
    crm.core.marketplace.registries.refreshing.every()
    far.documents["notices"] = before
    a_minute_later.advance(60)
    assert "older (serial 1)" in refused(crm, RegistryRefused).detail


@pytest.mark.usefixtures("a_minute_later")
def test_two_notices_with_one_serial(crm: Crm, far: FarRegistry):
    far.say_notices(1, yanked=[{"extension_id": "another", "version": "1.0.0"}])
    refused(crm, RegistryRefused)


@pytest.mark.usefixtures("a_minute_later")
def test_notices_that_ran_out(crm: Crm, far: FarRegistry):
    far.say_notices(2, ends=START + DAY / 1440)
    error = refused(crm, NoticesExpired)
    assert "what runs goes on" in error.detail


@pytest.mark.usefixtures("a_minute_later")
def test_what_must_not_run_is_not_installed_even_if_it_is_offered(crm: Crm, far: FarRegistry):
    far.say_notices(2, kills=[{"extension_id": HELLO, "affected": "<2", "reason": "steals"}])
    refused(crm, UnknownExtension, "1.0.0")


@pytest.mark.usefixtures("a_minute_later")
def test_a_yanked_version_is_not_the_latest_whatever_is_said_of_it(crm: Crm, far: FarRegistry):
    far.put(version="2.0.0")
    far.say_notices(2, yanked=[{"extension_id": HELLO, "version": "2.0.0"}])
    sources = crm.core.marketplace.sources
    assert sources.find(crm.tenant.id, HELLO, None).version == "1.0.0"
    assert sources.find(crm.tenant.id, HELLO, "2.0.0").state == "yanked"


def test_a_state_can_only_be_made_stricter_beside_the_record(crm: Crm, far: FarRegistry):
    change(far, state="quarantined")
    refused(crm, UnknownExtension)


def test_a_private_address_that_nobody_has_allowed(make_core: Callable[..., Any], far: FarRegistry):
    core = make_core()
    transport = core.marketplace.registries._clients.transport("far", far.url, None)  # noqa: SLF001 - no other way in before it is added
    with pytest.raises(RegistryRefused, match="not a public address"):
        transport.get("/keys", {}, most=1000, seconds=1)
    assert far.asked == []
