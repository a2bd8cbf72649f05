"""The merge, for any values: nothing is lost on the quiet, and nothing goes round in circles."""

from hypothesis import given
from hypothesis import strategies as st

from geminicrm.syncing.merging import merge

FIELDS = ("name", "email", "phone")
VALUES = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(("", "a", "b", "c")))
WHOLE = st.fixed_dictionaries(dict.fromkeys(FIELDS, st.sampled_from(("", "a", "b", "c"))))
SIDES = st.sampled_from(("ours", "theirs"))


def applied(ours, theirs, merged):
    """Give both sides after the merge was written on both."""
    here = {**ours, **{name: theirs[name] for name in merged.take}}
    there = {**theirs, **{name: ours[name] for name in merged.give}}
    return here, there


@given(VALUES, WHOLE, WHOLE, SIDES)
def test_both_sides_are_the_same_afterwards(base, ours, theirs, winner):
    here, there = applied(ours, theirs, merge(base, ours, theirs, winner))
    assert here == there


@given(VALUES, WHOLE, WHOLE, SIDES)
def test_a_second_merge_finds_nothing(base, ours, theirs, winner):
    here, there = applied(ours, theirs, merge(base, ours, theirs, winner))
    again = merge(here, here, there, winner)
    assert (again.take, again.give, again.conflicts) == (frozenset(), frozenset(), ())


@given(VALUES, WHOLE, WHOLE, SIDES)
def test_who_alone_changed_a_field_wins_it(base, ours, theirs, winner):
    here, _ = applied(ours, theirs, merge(base, ours, theirs, winner))
    old = {name: base.get(name, "") for name in FIELDS}
    assert all(here[name] == theirs[name] for name in FIELDS if ours[name] == old[name])
    assert all(here[name] == ours[name] for name in FIELDS if theirs[name] == old[name])


@given(VALUES, WHOLE, WHOLE, SIDES)
def test_whatever_both_changed_differently_is_told(base, ours, theirs, winner):
    merged = merge(base, ours, theirs, winner)
    told = {(one.field, one.ours, one.theirs, one.winner) for one in merged.conflicts}
    assert told == {
        (name, ours[name], theirs[name], winner)
        for name in FIELDS
        if ours[name] != theirs[name] and base.get(name, "") not in (ours[name], theirs[name])
    }


@given(VALUES, WHOLE, WHOLE)
def test_a_conflict_ends_as_the_rule_says(base, ours, theirs):
    sides = {"ours": ours, "theirs": theirs}
    ended = {
        winner: applied(ours, theirs, merge(base, ours, theirs, winner))[0] for winner in sides
    }
    names = [one.field for one in merge(base, ours, theirs, "ours").conflicts]
    assert all(ended[side][name] == sides[side][name] for side in sides for name in names)
    rest = [name for name in FIELDS if name not in names]
    assert [ended["ours"][name] for name in rest] == [ended["theirs"][name] for name in rest]


@given(VALUES, WHOLE, WHOLE)
def test_the_sides_are_treated_alike(base, ours, theirs):
    here = merge(base, ours, theirs, "ours")
    mirrored = merge(base, theirs, ours, "theirs")
    assert (here.take, here.give) == (mirrored.give, mirrored.take)
