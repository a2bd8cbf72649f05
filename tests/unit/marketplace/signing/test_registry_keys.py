from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.audit import AuditEntry
from geminicrm.kernel.crypto import Cipher, DecryptionFailed
from geminicrm.kernel.errors import Conflict, NotFound, ScopeMissing
from geminicrm.kernel.work import Work
from geminicrm.runtime.models import EMBEDDED
from marketplace.registries.pinning import read_pin, write_pin
from marketplace.signing.errors import Untrusted
from marketplace.signing.models import RegistryKey
from marketplace.signing.pins import Pinned, accept, first
from marketplace.signing.registry_keys import Holdings, RegistryKeys
from tests.support.core import Tenant, make_tenant


def keys_of(core: Core, cipher: Cipher | None = None, **changes: object) -> RegistryKeys:
    """Give the keys as one process has them."""
    holdings = Holdings(
        read_pin=lambda work: read_pin(work, EMBEDDED),
        write_pin=write_pin,
        **changes,  # type: ignore[arg-type]  # what a test hands in
    )
    return RegistryKeys(core.works, cipher or core.cipher, holdings)


def states(pin: Pinned) -> list[str]:
    return sorted(key.state for key in pin.keys)


def sign(core: Core, keys: RegistryKeys, text: str = "text"):
    with core.works.across_workspaces("sign in a test") as work:
        return keys.sign(work, text)


def test_the_first_start_makes_and_pins_keys(both_cores: Core):
    keys = keys_of(both_cores)

    assert keys.ensure()
    assert not keys.ensure()
    assert not keys_of(both_cores).ensure()
    assert states(keys.pinned()) == ["active", "next"]
    assert first(keys.key_set()) == keys.pinned()
    assert keys.pinned().proves(sign(both_cores, keys))


def test_two_first_starts_at_once_make_one_set(both_cores: Core):
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: keys_of(both_cores).ensure(), range(4)))

    assert sorted(made) == [False, False, False, True]
    assert states(keys_of(both_cores).pinned()) == ["active", "next"]


def test_what_hangs_on_the_first_keys_happens_with_them(core: Core):
    done: list[Work] = []
    keys = keys_of(core, first=done.append)

    keys.ensure()
    keys.ensure()
    assert len(done) == 1


def test_nothing_is_pinned_before(core: Core):
    with (
        core.works.across_workspaces("look too early") as work,
        pytest.raises(Untrusted, match="No keys are pinned"),
    ):
        read_pin(work, EMBEDDED)


def test_secrets_are_encrypted(core: Core):
    keys_of(core).ensure()

    with core.works.across_workspaces("look at secrets") as work:
        secrets = [row.secret for row in work.session.scalars(select(RegistryKey))]
    assert all(secret.startswith("gAAAA") for secret in secrets)


def test_a_rotation_overlaps(both_cores: Core):
    tenant, keys = make_tenant(both_cores, "north"), keys_of(both_cores)
    before, old = keys.pinned(), sign(both_cores, keys)

    after = keys.rotate(tenant.system())

    assert states(after) == ["active", "next", "retired"]
    assert after.of_state("active") == before.of_state("next")
    assert after == keys.pinned() == accept(before, keys.key_set())
    assert after.proves(old)
    assert after.proves(sign(both_cores, keys))


def test_one_who_missed_rotations_can_follow(core: Core, tenant: Tenant):
    keys = keys_of(core)
    before = keys.pinned()
    for _ in range(3):
        keys.rotate(tenant.system())

    assert accept(before, keys.key_set()).serial == 4


def test_rotations_at_once_follow_each_other(both_cores: Core):
    tenant = make_tenant(both_cores, "north")
    keys_of(both_cores).ensure()
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: keys_of(both_cores).rotate(tenant.system()), range(3)))

    assert states(keys_of(both_cores).pinned()) == ["active", "next", *["retired"] * 3]


def test_a_key_that_others_have_is_revoked(both_cores: Core):
    tenant, done = make_tenant(both_cores, "north"), list[Work]()
    keys = keys_of(both_cores, revoked=done.append)
    before, old = keys.pinned(), sign(both_cores, keys)
    (lost,) = before.of_state("active")

    after = keys.revoke(tenant.system(), lost)

    assert states(after) == ["active", "next", "revoked"]
    assert after == accept(before, keys.key_set())
    assert not after.proves(old)
    assert after.proves(sign(both_cores, keys))
    assert len(done) == 1
    with pytest.raises(Conflict, match="revoked already"):
        keys.revoke(tenant.system(), lost)
    assert keys.rotate(tenant.system()).serial == 3


def test_an_announced_key_is_replaced_when_it_is_revoked(core: Core, tenant: Tenant):
    keys = keys_of(core)
    (announced,) = keys.pinned().of_state("next")
    active = keys.pinned().of_state("active")

    after = keys.revoke(tenant.system(), announced)

    assert states(after) == ["active", "next", "revoked"]
    assert after.of_state("active") == active


def test_a_retired_key_is_revoked(core: Core, tenant: Tenant):
    keys = keys_of(core)
    (retired,) = keys.rotate(tenant.system()).of_state("retired")

    assert states(keys.revoke(tenant.system(), retired)) == ["active", "next", "revoked"]


def test_an_unknown_key_is_not_found(core: Core, tenant: Tenant):
    with pytest.raises(NotFound):
        keys_of(core).revoke(tenant.system(), "00" * 32)


def test_only_operators_touch_keys(core: Core, tenant: Tenant):
    keys = keys_of(core)
    with pytest.raises(ScopeMissing):
        keys.rotate(tenant.owner())
    with pytest.raises(ScopeMissing):
        keys.revoke(tenant.owner(), "00" * 32)
    assert keys.pinned().serial == 1


def test_changes_of_keys_are_audited(core: Core, tenant: Tenant):
    keys = keys_of(core)
    keys.rotate(tenant.system())

    with core.works.read(tenant.system()) as work:
        entries = work.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "registry.keys_rotated")
        ).all()
    assert [entry.changes["serial"] for entry in entries] == [2]


def test_secrets_are_encrypted_anew(core: Core):
    keys_of(core).ensure()
    fresh = Fernet.generate_key().decode()
    newer = Cipher([fresh, *core.settings.encryption_keys])

    assert keys_of(core, newer).reencrypt() == 2
    assert sign(core, keys_of(core, Cipher([fresh]))).signatures
    with pytest.raises(DecryptionFailed):
        sign(core, keys_of(core))
