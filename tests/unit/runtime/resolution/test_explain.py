"""Conflicts as people read them."""

import pytest

from geminicrm.runtime.resolution.explain import Conflict, explain
from geminicrm.runtime.resolution.solve import Impossible, solve
from geminicrm.runtime.resolution.universe import Universe, Wish
from tests.support.universes import World, has, world

SCORER: World = {
    "deal-insights": {"2.0.0": {"lead-scorer": ">=2"}, "1.9.0": {"lead-scorer": "*"}},
    "lead-scorer": has("1.0.0", "2.0.0"),
    "lead-reports": {"1.3.0": {"lead-scorer": "<2"}, "1.4.0-beta.1": {"lead-scorer": ">=1"}},
}


def told(wish: Wish, universe: Universe) -> Conflict:
    with pytest.raises(Impossible) as caught:
        solve([wish], universe)
    return explain(wish, universe, caught.value)


def test_every_party_is_named_with_what_would_mend_it():
    universe = world(SCORER, {"lead-scorer": "1.0.0", "lead-reports": "1.3.0"})
    found = told(Wish("deal-insights", "2.0.0"), universe)
    assert found.words == (
        "Deal Insights 2.0.0 needs lead-scorer >=2, and Lead Reports 1.3.0, which is installed, "
        "needs lead-scorer <2, and lead-scorer 1.0.0 is installed and 2.0.0 offered. Upgrade Lead "
        "Reports to 1.4.0-beta.1 first, or take Deal Insights 1.9.0, which fits, or uninstall "
        "Lead Reports."
    )
    assert found.parties == ("deal-insights", "lead-reports")


def test_bystanders_are_not_named():
    universe = world(
        {**SCORER, "calendar": has("1.0.0")},
        {"lead-scorer": "1.0.0", "lead-reports": "1.3.0", "calendar": "1.0.0"},
    )
    assert "Calendar" not in told(Wish("deal-insights", "2.0.0"), universe).words


def test_the_way_from_the_wish_to_the_conflict_is_told():
    offered: World = {
        "top": {"1.0.0": {"middle": "*"}},
        "middle": {"1.0.0": {"base": ">=2"}},
        "base": has("1.0.0"),
    }
    assert told(Wish("top"), world(offered, {})).words == (
        "Top 1.0.0 needs middle *, and Middle 1.0.0 needs base >=2, and of base there is 1.0.0."
    )


def test_what_nobody_offers_is_told():
    assert told(Wish("ghost"), world({}, {})).words == "No registry offers the extension 'ghost'."
    needing = world({"a": {"1.0.0": {"ghost": "^1"}}}, {})
    assert told(Wish("a"), needing).words == "A 1.0.0 needs ghost ^1, and no registry offers ghost."


def test_a_core_that_does_not_fit_is_told():
    unfit = {("a", "2.0.0"): "it needs GeminiCRM Pro >=9, and this is 1.4.0"}
    alone = world({"a": has("2.0.0")}, {}, unfit=unfit)
    assert told(Wish("a"), alone).words == (
        "A 2.0.0 can't run here: it needs GeminiCRM Pro >=9, and this is 1.4.0. "
        "Upgrade GeminiCRM Pro, and try again."
    )
    needing = world({"b": {"1.0.0": {"a": "*"}}, "a": has("2.0.0")}, {}, unfit=unfit)
    assert "A 2.0.0 can't run here" in told(Wish("b"), needing).words


def test_a_version_that_is_none_is_told():
    found = told(Wish("a", "9.9.9"), world({"a": has("1.0.0", "1.1.0")}, {}))
    assert found.words == "There is no version 9.9.9 of A. Take one of these: 1.1.0, 1.0.0."


def test_nothing_newer_is_told():
    found = told(Wish("a", action="upgrade"), world({"a": has("1.0.0")}, {"a": "1.0.0"}))
    assert found.words == "A 1.0.0 is installed, and nothing newer is offered."


def test_many_versions_are_counted():
    offered = {"a": has(*(f"1.{at}.0" for at in range(9)))}
    assert "and 3 more" in told(Wish("a", "2.0.0"), world(offered, {})).words


def test_a_rollback_names_who_would_have_to_go_back_first():
    offered: World = {
        "base": has("1.0.0", "2.0.0"),
        "top": {"2.0.0": {"base": ">=2"}, "1.0.0": {"base": "*"}},
    }
    found = told(
        Wish("base", "1.0.0", "rollback"), world(offered, {"base": "2.0.0", "top": "2.0.0"})
    )
    assert found.words.startswith("Top 2.0.0, which is installed, needs base >=2")
    assert "Roll back Top to 1.0.0 first" in found.words
    assert "uninstall Top" in found.words


def test_an_uninstall_names_who_needs_it():
    offered: World = {"base": has("1.0.0"), "top": {"1.0.0": {"base": "*"}}}
    found = told(
        Wish("base", action="uninstall"), world(offered, {"base": "1.0.0", "top": "1.0.0"})
    )
    assert found.words == "Top 1.0.0, which is installed, needs Base. Uninstall Top first."
