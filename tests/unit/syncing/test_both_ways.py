"""Both sides become the same, stay it, and nothing goes round in circles."""

import pytest

from geminicrm.kernel.audit import AuditEntry

ADA = {"first": "Ada", "last": "Lovelace", "mail": "ada@engines.example", "tel": "1"}


def test_the_first_sync_goes_both_ways(both_sides):
    sides = both_sides
    sides.far.put("contact", **ADA)
    sides.create(last_name="Babbage", email="charles@engines.example")
    sides.begin(kinds=["contact"])
    assert [one["last_name"] for one in sides.ours()] == ["Babbage", "Lovelace"]
    assert sorted(str(one["last"]) for one in sides.far.values("contact")) == [
        "Babbage",
        "Lovelace",
    ]
    assert {link.state for link in sides.rows()} == {"ok"}
    assert sides.settings().last_at is not None


def test_nothing_is_synced_that_nobody_switched_on(sides):
    sides.far.put("contact", **ADA)
    sides.create(last_name="Babbage")
    sides.later()
    assert (sides.far.calls, len(sides.ours())) == ([], 1)


def test_what_changes_on_either_side_comes_to_the_other(both_sides):
    sides = both_sides
    far_id = sides.far.put("contact", **ADA)
    sides.begin(kinds=["contact"])
    (ours,) = sides.ours()
    sides.update(ours, title="Countess", phone="2")
    sides.far.put("contact", far_id, first="Augusta")
    sides.now()
    (after,) = sides.ours()
    assert (after["first_name"], after["phone"]) == ("Augusta", "2")
    (there,) = sides.far.values("contact")
    assert (there["first"], there["tel"]) == ("Augusta", "2")


def test_two_that_are_the_same_ask_and_write_nothing_more(both_sides):
    sides = both_sides
    sides.far.put("contact", **ADA)
    sides.create(last_name="Babbage", email="Charles@Engines.example")
    sides.begin(kinds=["contact"])
    sides.now()
    before = sides.ours()
    calls = {name: sides.far.asked(name) for name in ("update_many", "upsert_many", "read_many")}
    for _ in range(4):
        sides.now()
    assert sides.ours() == before
    assert {name: sides.far.asked(name) for name in calls} == calls
    assert (sides.waiting(), sides.far.asked("create_many")) == (0, 0)


def test_a_page_after_the_other_is_read_to_the_end(sides):
    for at in range(250):
        sides.far.put("contact", last=f"P{at:03}", mail=f"p{at}@x.example")
    sides.begin(kinds=["contact"])
    assert len(sides.rows()) == 250
    assert sides.far.asked("changes") == 3


def test_a_thousand_of_ours_go_out_by_the_hundred(sides):
    sides.choose(kinds=["contact"])
    items = [{"last_name": f"P{at}", "email": f"p{at}@x.example"} for at in range(1000)]
    for at in range(0, 1000, 100):
        sides.door().create_many(sides.tenant.owner(), items[at : at + 100])
    sides.begin()
    assert len(sides.far.values("contact")) == 1000
    assert len(sides.far.calls) <= 1000 // 20
    assert {link.state for link in sides.rows()} == {"ok"}


def test_people_are_matched_by_their_address_however_spelled(sides):
    ours = sides.create(last_name="Lovelace", email="ADA@engines.example")
    sides.far.put("contact", **ADA)
    sides.begin(kinds=["contact"])
    (after,) = sides.ours()
    assert (after["id"], after["first_name"], after["phone"]) == (ours["id"], "Ada", "1")
    assert len(sides.far.values("contact")) == 1


def test_companies_are_matched_by_their_domain(sides):
    ours = sides.create("company", name="Engines", domain="Engines.example")
    sides.far.put("company", name="Engines", site="engines.example")
    sides.begin(kinds=["company"])
    assert [one["id"] for one in sides.ours("company")] == [ours["id"]]
    assert len(sides.far.values("company")) == 1


@pytest.mark.parametrize(("direction", "here", "there"), [("in", 2, 1), ("out", 1, 2)])
def test_one_way_is_one_way(sides, direction, here, there):
    sides.far.put("contact", **ADA)
    sides.create(last_name="Babbage", email="charles@engines.example")
    sides.begin(kinds=["contact"], direction=direction)
    assert (len(sides.ours()), len(sides.far.values("contact"))) == (here, there)


def test_changes_carry_the_name_of_the_integration(sides):
    sides.far.put("contact", **ADA)
    sides.begin(kinds=["contact"])
    (ours,) = sides.ours()
    from_log = [one for one in audit_of(sides) if one.subject == ours["id"]]
    assert {(one.actor_kind, one.actor_id, one.actor_label) for one in from_log} == {
        ("extension", "far-crm", "Far CRM")
    }


def audit_of(sides):
    return sides.rows(AuditEntry)
