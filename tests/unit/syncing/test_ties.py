"""What a record belongs with is kept the same: contacts with companies, deals with both."""

import pytest

from extensions.sdk.service_errors import OutcomeUnknown, RateLimited
from geminicrm.syncing.models import SyncAwaited

ADA = {"first": "Ada", "last": "Lovelace", "mail": "ada@engines.example"}
DEAL = {"title": "Engine", "amount": "1250.5", "currency": "EUR", "pipe": "p1", "step": "s1"}


@pytest.fixture
def tied(both_sides):
    """Give both sides with a contact that belongs with the first of two companies on both."""
    sides = both_sides
    one = sides.far.put("company", name="Engines", site="engines.example")
    sides.far.put("company", name="Looms", site="looms.example")
    contact = sides.far.put("contact", **ADA)
    sides.far.tie(("contact", contact), ("company", one))
    sides.begin()
    sides.now()
    return sides


def companies(sides):
    return {one["name"]: one["id"] for one in sides.ours("company")}


def theirs(sides):
    return {one.values["name"]: one.id for one in sides.far.records["company"].values()}


def of_contact(sides):
    (contact,) = sides.ours()
    names = {identifier: name for name, identifier in companies(sides).items()}
    return names.get(contact["company_id"])


def there(sides):
    names = {identifier: name for name, identifier in theirs(sides).items()}
    return sorted(names[other] for _, other in sides.far.ties("contact", "company"))


def quiet(sides):
    """Sync twice more; tell whether anything was read of links or written."""
    names = ("links", "link", "unlink", "update_many", "upsert_many")
    before, ours = [sides.far.asked(name) for name in names], sides.ours()
    sides.now()
    sides.now()
    return [sides.far.asked(name) for name in names] == before and sides.ours() == ours


def test_theirs_come_in(tied):
    assert of_contact(tied) == "Engines"
    assert quiet(tied)


def test_ours_go_out_as_the_primary_ones(both_sides):
    sides = both_sides
    company = sides.create("company", name="Engines", domain="engines.example")
    contact = sides.create(last_name="Lovelace", company_id=company["id"])
    sides.create(
        "deal", name="Engine", amount="1", company_id=company["id"], contact_id=contact["id"]
    )
    sides.begin()
    assert [list(sides.far.tied[pair].values()) for pair in sides.far.tied] == [
        [True],
        [True],
        [False],
    ]
    assert set(sides.far.tied) == {
        ("contact", "company"),
        ("deal", "company"),
        ("deal", "contact"),
    }
    sides.now()
    assert quiet(sides)


def test_a_deal_of_theirs_comes_with_both(both_sides):
    sides = both_sides
    deal, contact = sides.far.put("deal", **DEAL), sides.far.put("contact", **ADA)
    company = sides.far.put("company", name="Engines", site="engines.example")
    sides.far.tie(("deal", deal), ("contact", contact))
    sides.far.tie(("deal", deal), ("company", company))
    sides.begin()
    (ours,) = sides.ours("deal")
    assert ours["contact_id"] == sides.ours()[0]["id"]
    assert ours["company_id"] == companies(sides)["Engines"]


def test_a_move_here_moves_theirs(tied):
    tied.update(tied.ours()[0], company_id=companies(tied)["Looms"])
    tied.work()
    assert there(tied) == ["Looms"]
    tied.now()
    assert of_contact(tied) == "Looms"
    assert quiet(tied)


def test_a_move_there_moves_ours(tied):
    contact, names = tied.link_of("contact").far_id, theirs(tied)
    tied.far.tie(("contact", contact), ("company", names["Looms"]))
    tied.now()
    assert of_contact(tied) == "Looms"
    assert there(tied) == ["Engines", "Looms"], "the other one is theirs to keep"
    assert quiet(tied)


def test_what_is_taken_away_on_one_side_is_on_the_other(tied):
    tied.update(tied.ours()[0], company_id=None)
    tied.work()
    assert there(tied) == []
    contact, names = tied.link_of("contact").far_id, theirs(tied)
    tied.far.tie(("contact", contact), ("company", names["Looms"]))
    tied.now()
    tied.far.untie(("contact", contact), ("company", names["Looms"]))
    tied.now()
    assert of_contact(tied) is None


@pytest.mark.parametrize(("rule", "kept"), [("ours", "Looms"), ("theirs", "Cards")])
def test_the_rule_decides_what_both_moved_and_it_is_told_once(tied, rule, kept):
    cards = tied.far.put("company", name="Cards", site="cards.example")
    tied.choose(conflicts=rule)
    tied.now()
    (ours,) = tied.ours()
    tied.update(ours, company_id=companies(tied)["Looms"])
    tied.far.tie(("contact", tied.link_of("contact").far_id), ("company", cards))
    tied.now()
    tied.now()
    assert of_contact(tied) == kept
    (note,) = tied.notes(ours)
    assert all(word in note["body"] for word in ("company", "'Looms'", "'Cards'"))
    assert quiet(tied)


@pytest.mark.parametrize(("later", "kept"), [("ours", "Looms"), ("theirs", "Cards")])
def test_the_newer_move_wins(tied, later, kept):
    cards = tied.far.put("company", name="Cards", site="cards.example")
    tied.now()
    (ours,) = tied.ours()
    steps = {
        "ours": lambda: tied.update(ours, company_id=companies(tied)["Looms"], phone="1"),
        "theirs": lambda: tied.far.tie(
            ("contact", tied.link_of("contact").far_id), ("company", cards)
        ),
    }
    for name in sorted(steps, key=lambda one: one == later):
        tied.clock.advance(60)
        steps[name]()
    tied.now()
    assert of_contact(tied) == kept


def test_one_whose_other_end_comes_later_is_linked_then(both_sides):
    sides = both_sides
    nameless = sides.far.put("company", site="engines.example")
    contact = sides.far.put("contact", **ADA)
    sides.far.tie(("contact", contact), ("company", nameless))
    sides.begin()
    assert (of_contact(sides), len(sides.rows(SyncAwaited))) == (None, 1)
    before = sides.far.asked("links")
    sides.now()
    assert sides.far.asked("links") == before, "nobody is asked before there is something new"
    sides.far.put("company", nameless, name="Engines")
    sides.now()
    assert (of_contact(sides), sides.rows(SyncAwaited)) == ("Engines", [])


def test_ours_waits_for_an_end_that_they_refuse(sides):
    sides.far.refuse = lambda values: {"Engines": "no"}.get(values.get("name"), "")
    company = sides.create("company", name="Engines", domain="engines.example")
    sides.create(last_name="Lovelace", email="ada@engines.example", company_id=company["id"])
    sides.begin()
    assert there(sides) == []
    sides.far.refuse = lambda _values: ""
    sides.update(company, "company", phone="1")
    sides.work()
    assert there(sides) == ["Engines"]


def test_what_is_gone_there_takes_nothing_away_here(tied):
    tied.far.delete("company", theirs(tied)["Engines"])
    tied.far.put("contact", tied.link_of("contact").far_id, tel="2")
    tied.now()
    assert (of_contact(tied), tied.ours()[0]["phone"]) == ("Engines", "2")
    tied.later()
    assert of_contact(tied) == "Engines"


def test_only_what_is_synced_is_linked(sides):
    company = sides.create("company", name="Engines")
    sides.create(last_name="Lovelace", company_id=company["id"])
    sides.begin(kinds=["contact"])
    assert sides.far.asked("links") == 0
    sides.choose(kinds=["company", "contact"])
    sides.now()
    assert there(sides) == ["Engines"]


@pytest.mark.parametrize(
    ("direction", "here", "far"), [("in", "Engines", ["Engines"]), ("out", "Looms", ["Looms"])]
)
def test_one_way_is_one_way(tied, direction, here, far):
    tied.choose(direction=direction)
    tied.now()
    names, ours = theirs(tied), companies(tied)
    tied.clock.advance(60)
    moves = {
        "in": lambda: tied.far.tie(
            ("contact", tied.link_of("contact").far_id), ("company", names["Engines"])
        ),
        "out": lambda: tied.update(tied.ours()[0], company_id=ours["Looms"]),
    }
    moves[direction]()
    tied.now()
    assert (of_contact(tied), there(tied)) == (here, far)


@pytest.mark.parametrize("error", [RateLimited("slow"), OutcomeUnknown("lost")])
@pytest.mark.parametrize("call", ["links", "link", "unlink"])
def test_a_call_that_fails_is_made_again(tied, call, error):
    tied.far.errors[call] = [error]
    tied.update(tied.ours()[0], company_id=companies(tied)["Looms"])
    tied.work()
    tied.later()
    assert there(tied) in (["Looms"], ["Engines", "Looms"])
    assert (of_contact(tied), tied.settings().error) == ("Looms", None)


def test_a_link_that_is_refused_is_told_and_tried_again(tied):
    tied.far.tied.clear()
    tied.far.delete("company", theirs(tied)["Looms"])
    tied.update(tied.ours()[0], company_id=companies(tied)["Looms"])
    tied.work()
    link = tied.link_of("contact")
    assert (link.state, link.error_side) == ("failed", "tie")
    assert link.error == "company: no contact there (not_found)"


def test_a_thousand_links_take_ten_calls_of_each(sides):
    company = sides.create("company", name="Engines", domain="engines.example")
    sides.choose(kinds=["company", "contact"])
    for at in range(0, 1000, 100):
        items = [
            {"last_name": f"P{one}", "email": f"p{one}@x.example", "company_id": company["id"]}
            for one in range(at, at + 100)
        ]
        sides.door().create_many(sides.tenant.owner(), items)
    sides.begin()
    assert len(sides.far.ties("contact", "company")) == 1000
    assert (sides.far.asked("links"), sides.far.asked("link")) == (10, 10)
