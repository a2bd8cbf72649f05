"""Only what came with the CRM runs in its process, whatever the database says."""

import pytest
from sqlalchemy import select

from geminicrm.app import Core
from geminicrm.kernel.crypto import Cipher, new_key
from geminicrm.runtime.failures import LoadFailed
from geminicrm.runtime.models import OwnPackage
from geminicrm.runtime.own_packages import OwnPackages
from tests.support.core import Tenant
from tests.support.sample_extensions import QUIET, Stage, make_stage

OURS, OTHERS = "a" * 64, "b" * 64


def anew(core: Core, cipher: Cipher | None = None) -> OwnPackages:
    """Give what another process would have, which remembers nothing."""
    return OwnPackages(core.works, cipher or core.cipher)


def seal_of(core: Core) -> str:
    with core.works.across_workspaces("a test looks") as work:
        return work.session.scalars(select(OwnPackage.seal)).one()


def change(core: Core, **facts: str) -> None:
    with core.works.across_workspaces("a test changes it", write=True) as work:
        row = work.session.scalars(select(OwnPackage)).one()
        for name, value in facts.items():
            setattr(row, name, value)


def test_what_was_noted_holds_for_every_process(both_cores: Core):
    both_cores.own_packages.note(f"sha256:{OURS}")
    both_cores.own_packages.note(OURS)
    assert both_cores.own_packages.holds(OURS)
    assert anew(both_cores).holds(f"sha256:{OURS}")
    assert not anew(both_cores).holds(OTHERS)


def test_a_row_alone_proves_nothing(core: Core):
    core.own_packages.note(OURS)
    change(core, digest=OTHERS)
    assert not anew(core).holds(OTHERS)
    change(core, digest=OURS, seal=core.cipher.encrypt(OURS))
    assert not anew(core).holds(OURS)
    change(core, seal="no token at all")
    assert not anew(core).holds(OURS)


def test_a_seal_that_does_not_hold_is_made_anew_by_the_next_start(core: Core):
    core.own_packages.note(OURS)
    change(core, seal="no token at all")
    anew(core).note(OURS)
    assert anew(core).holds(OURS)


def test_keys_can_be_changed(core: Core):
    core.own_packages.note(OURS)
    old, new = core.settings.encryption_keys[0], new_key()
    assert not anew(core, Cipher([new])).holds(OURS)
    assert anew(core, Cipher([new, old])).reencrypt() == 1
    assert anew(core, Cipher([new])).holds(OURS)
    change(core, seal="no token at all")
    assert anew(core, Cipher([new])).reencrypt() == 0


def test_two_that_note_the_same_at_once_agree(core: Core, monkeypatch: pytest.MonkeyPatch):
    late = anew(core)
    monkeypatch.setattr(late, "holds", lambda _digest: core.own_packages.note(OURS))
    late.note(OURS)
    assert anew(core).holds(OURS)


def test_what_a_row_calls_built_in_is_not_loaded_without_proof(core: Core, tenant: Tenant):
    stage: Stage = make_stage(core, own=core.own_packages.holds)
    installation_id = stage.put(tenant, QUIET)
    table = stage.runtime.reconcile()
    assert table.by_id == {}
    assert "nothing proves" in table.failed()[installation_id]
    with pytest.raises(LoadFailed, match="came with the CRM"):
        stage.runtime.versions.refuse_foreign("sample", OTHERS)
    stage.runtime.stop()
