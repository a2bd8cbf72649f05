"""Word of the other side: what it tells of is read at once, and nothing else."""

import pytest

from extensions.sdk.webhooks import Changed
from geminicrm.syncing.hearing import heard
from geminicrm.syncing.models import SyncHeard
from geminicrm.syncing.running import SyncKeeper

ADA = {"first": "Ada", "last": "Lovelace", "mail": "ada@engines.example", "tel": "1"}


@pytest.fixture
def tell(both_sides):
    sides = both_sides

    def tell(*ids, kind="contact", gone=False):
        changed = [Changed(capability="crm_sync", kind=kind, id=one, gone=gone) for one in ids]
        with sides.core.works.write(sides.tenant.system()) as work:
            heard(work, sides.connection_id, changed)
        sides.work()

    return tell


def asked(sides):
    """Give what was asked of records themselves; who owns and belongs to them is asked anyway."""
    return [name for name, _ in sides.far.calls if name not in {"owners", "links"}]


def names(sides):
    return [one["last_name"] for one in sides.ours()]


def test_a_new_record_and_a_changed_one_come_in_at_once(both_sides, tell):
    sides = both_sides
    sides.begin(kinds=["contact"])
    far_id = sides.far.put("contact", **ADA)
    sides.far.calls.clear()
    tell(far_id, far_id)
    assert names(sides) == ["Lovelace"]
    sides.clock.advance(1)
    sides.far.put("contact", far_id, last="King")
    tell(far_id)
    assert names(sides) == ["King"]
    assert asked(sides) == ["read_many", "read_many"]
    assert sides.rows(SyncHeard) == []


def test_what_we_gave_ourselves_is_read_and_changes_nothing(both_sides, tell):
    sides = both_sides
    sides.create(last_name="Babbage", email="charles@engines.example")
    sides.begin(kinds=["contact"])
    (far_id,) = sides.far.records["contact"]
    tell(far_id)
    assert (names(sides), len(sides.rows()), sides.waiting()) == (["Babbage"], 1, 0)


def test_a_record_that_is_told_of_while_it_is_being_given_is_one_record(both_sides, tell):
    sides = both_sides

    def told_meanwhile():
        (far_id,) = sides.far.records["contact"]
        changed = [Changed(capability="crm_sync", kind="contact", id=far_id)]
        with sides.core.works.write(sides.tenant.system()) as work:
            heard(work, sides.connection_id, changed)

    sides.begin(kinds=["contact"])
    sides.far.after["create_many"] = sides.far.after["upsert_many"] = told_meanwhile
    sides.create(last_name="Babbage", email="charles@engines.example")
    sides.work()
    SyncKeeper(sides.core.works).step()
    sides.work()
    assert (names(sides), len(sides.rows())) == (["Babbage"], 1)
    assert sides.rows(SyncHeard) == []


def test_what_is_not_synced_inwards_is_left_alone(both_sides, tell):
    sides = both_sides
    tell("far1")
    sides.begin(kinds=["company"], direction="out")
    tell("far1")
    tell("far1", kind="company")
    assert sides.rows(SyncHeard) == []
    assert "read_many" not in [name for name, _ in sides.far.calls]


def test_what_is_gone_is_looked_for_among_the_archived(both_sides, tell):
    sides = both_sides
    sides.begin(kinds=["contact"])
    sides.far.calls.clear()
    tell("far1", gone=True)
    assert asked(sides) == ["archived"]
