"""Two people edit both sides at once: nothing is lost on the quiet."""

import pytest

from geminicrm.kernel.audit import AuditEntry

ADA = {"first": "Ada", "last": "Lovelace", "mail": "ada@engines.example", "tel": "1"}


@pytest.fixture
def edited(both_sides):
    """Give a function that has both sides changed at once, and syncs them."""

    def edited(rule, *, theirs_later=True):
        sides = both_sides
        far_id = sides.far.put("contact", **ADA)
        sides.begin(kinds=["contact"], conflicts=rule)
        sides.now()
        (ours,) = sides.ours()
        sides.clock.advance(60)
        steps = [
            lambda: sides.far.put("contact", far_id, tel="3", first="Augusta"),
            lambda: sides.update(ours, phone="2", last_name="King"),
        ]
        for step in steps[:: -1 if theirs_later else 1]:
            step()
            sides.clock.advance(60)
        sides.now()
        return sides, ours

    return edited


@pytest.mark.parametrize(
    ("rule", "theirs_later", "phone"),
    [
        ("newest", True, "3"),
        ("newest", False, "2"),
        ("ours", True, "2"),
        ("theirs", False, "3"),
    ],
)
def test_the_rule_decides_what_both_changed_and_the_rest_is_kept(edited, rule, theirs_later, phone):
    sides, _ = edited(rule, theirs_later=theirs_later)
    (ours,) = sides.ours()
    (there,) = sides.far.values("contact")
    assert (ours["first_name"], ours["last_name"], ours["phone"]) == ("Augusta", "King", phone)
    assert (there["first"], there["last"], there["tel"]) == ("Augusta", "King", phone)


def test_a_conflict_is_told_once_with_both_values_and_who_won(edited):
    sides, ours = edited("theirs")
    sides.now()
    (note,) = sides.notes(ours)
    assert note["subject"] == "Sync with Far CRM: phone was changed on both sides"
    assert all(word in note["body"] for word in ("'2'", "'3'", "stood there was kept"))
    conflict = sides.link().conflict
    found = [conflict[name] for name in ("field", "ours", "theirs", "winner")]
    assert found == ["phone", "2", "3", "theirs"]
    actions = [one.action for one in sides.rows(AuditEntry) if one.subject == ours["id"]]
    assert actions.count("contact.sync_conflict") == 1


def test_what_changes_there_right_before_ours_is_sent_is_merged_too(sides):
    far_id = sides.far.put("contact", **ADA)
    sides.begin(kinds=["contact"], conflicts="ours")
    (ours,) = sides.ours()
    sides.clock.advance(60)
    sides.far.put("contact", far_id, tel="3", first="Augusta")
    sides.update(ours, phone="2")
    before = sides.far.asked("changes")
    sides.work()
    assert sides.far.asked("changes") == before
    (there,) = sides.far.values("contact")
    assert (there["first"], there["tel"]) == ("Augusta", "2")
    assert len(sides.notes(ours)) == 1


def test_what_changes_here_while_ours_is_sent_is_sent_next(sides):
    sides.far.put("contact", **ADA)
    sides.begin(kinds=["contact"])
    (ours,) = sides.ours()
    sides.update(ours, phone="2")
    sides.far.after["update_many"] = lambda: sides.update(ours, phone="4")
    sides.work()
    assert [one["tel"] for one in sides.far.values("contact")] == ["4"]


def test_at_first_contact_what_differs_is_told(sides):
    ours = sides.create(first_name="A.", last_name="Lovelace", email="ada@engines.example")
    sides.far.put("contact", **ADA)
    sides.begin(kinds=["contact"], conflicts="theirs")
    assert [one["first_name"] for one in sides.ours()] == ["Ada"]
    assert len(sides.notes(ours)) == 1


def test_an_older_state_of_theirs_undoes_nothing(sides):
    far_id = sides.far.put("contact", **ADA)
    old = sides.far.records["contact"][far_id]
    sides.begin(kinds=["contact"])
    (ours,) = sides.ours()
    sides.clock.advance(60)
    sides.update(ours, phone="2")
    sides.work()
    sides.far.records["contact"][far_id] = old
    sides.far.order.append(("contact", far_id))
    sides.now()
    assert [one["phone"] for one in sides.ours()] == ["2"]
