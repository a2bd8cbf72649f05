"""Solving, against a solver that tries everything."""

from collections.abc import Mapping
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geminicrm.runtime.resolution.explain import explain
from geminicrm.runtime.resolution.solve import Impossible, Step, TooDeep, solve
from geminicrm.runtime.resolution.universe import Candidate, Choice, Universe, Wish
from tests.support.universes import World, answer, has, holds, without, world

IDS = ("a", "b", "c", "d")
VERSIONS = ("1.0.0", "1.1.0", "2.0.0")
RANGES = ("*", ">=1", "<2", ">=2", "^1.1.0", "1.0.0")

requirement = st.dictionaries(st.sampled_from(IDS), st.sampled_from(RANGES), max_size=2)
offers = st.dictionaries(
    st.sampled_from(IDS),
    st.dictionaries(st.sampled_from(VERSIONS), requirement, min_size=1),
    min_size=1,
)
wishes = st.builds(
    Wish,
    st.sampled_from(IDS),
    st.sampled_from([None, *VERSIONS]),
    st.sampled_from(["install", "install", "install", "uninstall"]),
)


def without_self(found: Mapping[str, Mapping[str, Mapping[str, str]]]) -> World:
    return {
        name: {
            version: {other: text for other, text in needs.items() if other != name}
            for version, needs in versions.items()
        }
        for name, versions in found.items()
    }


def options(choice: Choice, name: str) -> list[Candidate | None]:
    kept = name in choice.universe.installed or name in choice.wishes
    gone = name in choice.wishes and choice.wishes[name].action == "uninstall"
    absent: list[Candidate | None] = [None]
    return absent * (gone or not kept) + list(choice.candidates(name))


def all_sets(choice: Choice) -> list[dict[str, Candidate]]:
    found = []
    for row in product(*(options(choice, name) for name in IDS)):
        chosen = {one.extension_id: one for one in row if one is not None}
        found += [chosen] * holds(choice, chosen)
    return found


@st.composite
def universes(draw: st.DrawFn) -> Universe:
    offered = without_self(draw(offers))
    before = world(offered, {})
    first = draw(st.sampled_from(sorted(offered)))
    chosen = answer(Wish(first), before).chosen
    return world(offered, {name: str(one.version) for name, one in chosen.items()})


@settings(max_examples=300, deadline=None)
@given(universes(), wishes)
def test_it_finds_a_set_where_there_is_one_and_none_where_there_is_none(
    universe: Universe, wish: Wish
):
    choice = Choice(universe, {wish.extension_id: wish})
    found, every = answer(wish, universe), all_sets(choice)
    assert (found.conflict is not None) == (not every)
    assert holds(choice, found.chosen)
    missing = {*universe.installed} - {*found.chosen}
    assert found.conflict is not None or missing <= {wish.extension_id}


@settings(max_examples=300, deadline=None)
@given(universes(), wishes)
def test_nothing_is_changed_that_need_not_be(universe: Universe, wish: Wish):
    choice = Choice(universe, {wish.extension_id: wish})
    found = answer(wish, universe)
    for step in found.steps:
        named = step.extension_id == wish.extension_id
        assert named or not holds(choice, without(found, step, universe))


@settings(max_examples=100, deadline=None)
@given(universes(), wishes)
def test_the_same_question_has_the_same_answer(universe: Universe, wish: Wish):
    first, again = answer(wish, universe), answer(wish, universe)
    assert (first.steps, first.conflict) == (again.steps, again.conflict)


@settings(max_examples=100, deadline=None)
@given(universes(), wishes)
def test_a_conflict_names_the_wish_and_everybody_who_can_not_be_left_out(
    universe: Universe, wish: Wish
):
    found = answer(wish, universe)
    told = found.words.casefold()  # by its name, or by its id where it is what others need
    assert all(universe.name(name).casefold() in told for name in found.parties)
    assert (wish.extension_id in found.parties) == (found.conflict is not None)
    assert found.words.endswith("." * bool(found.conflict))


def test_dependencies_come_first():
    universe = world(
        {"a": {"1.0.0": {"b": "*", "c": "*"}}, "b": {"1.0.0": {"c": "*"}}, "c": has("1.0.0")}, {}
    )
    found = solve([Wish("a")], universe)
    assert [step.extension_id for step in found.steps] == ["c", "b", "a"]
    assert found.others(["a"]) == (
        Step("c", "install", None, "1.0.0"),
        Step("b", "install", None, "1.0.0"),
    )


def test_those_that_need_each_other_come_together():
    universe = world({"a": {"1.0.0": {"b": "*"}}, "b": {"1.0.0": {"a": "*"}}}, {})
    assert [step.extension_id for step in solve([Wish("a")], universe).steps] == ["b", "a"]


def test_what_has_to_change_goes_up_never_down():
    offered: World = {
        "a": {"2.0.0": {"b": ">=2"}},
        "b": has("1.0.0", "2.0.0"),
        "c": {"1.0.0": {"b": "<2"}, "1.1.0": {}, "0.9.0": {}},
    }
    found = solve([Wish("a")], world(offered, {"b": "1.0.0", "c": "1.0.0"}))
    assert [(one.extension_id, one.action, one.after) for one in found.steps] == [
        ("b", "upgrade", "2.0.0"), ("a", "install", "2.0.0"), ("c", "upgrade", "1.1.0"),
    ]  # fmt: skip


def test_a_yanked_version_is_taken_by_name_only():
    universe = world({"a": has("1.0.0", "1.1.0")}, {}, yanked={("a", "1.1.0")})
    assert solve([Wish("a")], universe).steps[0].after == "1.0.0"
    assert solve([Wish("a", "1.1.0")], universe).steps[0].after == "1.1.0"


def test_an_unfinished_version_is_taken_by_name_or_where_there_is_nothing_else():
    universe = world({"a": has("1.0.0", "2.0.0-beta.1"), "b": has("1.0.0-rc.1")}, {})
    assert solve([Wish("a")], universe).steps[0].after == "1.0.0"
    assert solve([Wish("a", "2.0.0-beta.1")], universe).steps[0].after == "2.0.0-beta.1"
    assert solve([Wish("b")], universe).steps[0].after == "1.0.0-rc.1"
    needing = world({"a": {"1.0.0": {"b": ">=0.9"}}, "b": has("1.0.0-rc.1")}, {})
    assert solve([Wish("a")], needing).steps[0].after == "1.0.0-rc.1"


def test_a_rollback_is_called_one():
    universe = world({"a": has("1.0.0", "2.0.0")}, {"a": "2.0.0"})
    assert solve([Wish("a", "1.0.0", "rollback")], universe).steps == (
        Step("a", "rollback", "2.0.0", "1.0.0"),
    )


def test_uninstalling_changes_nobody_else():
    offered: World = {"a": has("1.0.0"), "b": {"1.0.0": {"a": "*"}, "1.1.0": {}}}
    with pytest.raises(Impossible):
        solve([Wish("a", action="uninstall")], world(offered, {"a": "1.0.0", "b": "1.0.0"}))
    alone = world(offered, {"a": "1.0.0"})
    assert solve([Wish("a", action="uninstall")], alone).steps == (
        Step("a", "uninstall", "1.0.0", None),
    )


def test_a_search_without_end_is_given_up():
    names = [f"x{at}" for at in range(12)]
    deep: World = {
        name: {f"{major}.0.0": {below: f"<{major}"} for major in range(1, 9)}
        for name, below in zip(names, [*names[1:], "y"], strict=True)
    }
    universe = world({**deep, "y": has("9.0.0")}, {})
    with pytest.raises((TooDeep, Impossible)):
        solve([Wish("x0")], universe, rounds=5)
    with pytest.raises(TooDeep) as caught:
        solve([Wish("x0")], universe, rounds=2)
    assert "name the version of" in explain(Wish("x0"), universe, caught.value).words.lower()
