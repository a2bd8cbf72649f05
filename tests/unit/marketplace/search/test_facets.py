import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.paging import Page
from marketplace.models import RegistryExtension
from marketplace.search import SORTS, Query, Search
from marketplace.search.bits import bits_of, flags_of, members_of
from marketplace.search.facts import ADDS, LEVELS, added_kinds, adds_of, level_of
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.search.conftest import publish

Ids = Callable[..., list[str]]
INSTALLED = {"ext-01": "1.0.0", "ext-02": "0.9.0", "elsewhere": "1.0.0"}
UI = {"widget": "dashboard_widgets", "panel": "record_panels"}


@pytest.fixture
def filled(both_cores: Core, north: Tenant) -> Core:
    """Give a marketplace in which everything is mixed."""
    pick = random.Random(5)  # noqa: S311 - a mixture that is the same each time
    for number in range(24):
        stars = pick.choice((0, 2, 4, 5))
        publish(
            both_cores,
            f"Ext {number:02}",
            description=pick.choice(("Sync mail", "Send mail", "Read calls")),
            verified=pick.random() < 0.5,
            built_in=pick.random() < 0.3,
            categories=pick.choice((["sales"], ["email", "sales"], [])),
            rating_sum=stars * 3,
            rating_count=3 if stars else 0,
            manifest={
                "permissions": pick.choice(([], ["read:leads"], ["write:leads"])),
                "network": pick.choice(([], [{"host": "x.example", "reason": ""}])),
                "ui": {UI[pick.choice(("widget", "panel"))]: [{"id": "a", "title": "A"}]},
                "requires": pick.choice(({}, {"geminicrm": ">=0.1"}, {"geminicrm": ">=99.0"})),
            },
        )
    return both_cores


def choices() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give every choice: facet, value, and what asks for it."""
    for category in ("sales", "email"):
        yield "category", category, {"category": category}
    for flag in ("verified", "compatible", "private"):
        yield flag, "yes", {flag: True}
    for kind in ("widget", "panel", "webhook"):
        yield "adds", kind, {"adds": (kind,)}
    for level in LEVELS:
        yield "level", level, {"levels": (level,)}
    for state in ("not_installed", "installed", "update"):
        yield "state", state, {"state": state}
    for stars in (4, 3, 1):
        yield "rating", str(stars), {"rating": stars}
    for origin in ("built_in", "registry"):
        yield "origin", origin, {"origin": origin}


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"words": "mail"},
        {"verified": True, "adds": ("widget",)},
        {"category": "sales", "levels": ("reads", "changes"), "words": "sy"},
        {"compatible": True, "rating": 2, "origin": "registry"},
        {"state": "not_installed"},
    ],
)
def test_each_count_is_what_the_choice_would_find(
    filled: Core, search: Search, north: Tenant, others: dict[str, Any]
):
    def find(**query: Any) -> Any:
        wanted = Query(installed=INSTALLED, facets=True, page=Page(100), **query)
        return search.find(north.owner(), wanted)

    counts = find(**others).facets
    for facet, value, asking in choices():
        found = find(**{**others, **asking})
        assert counts[facet][value] == found.total == len(found.listings), (facet, value)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("words", ["", "mail"])
def test_pages_of_every_order_make_the_whole(
    filled: Core, search: Search, north: Tenant, sort: str, words: str
):
    whole = search.find(north.owner(), Query(words=words, sort=sort, page=Page(100)))
    walked: list[str] = []
    cursor = None
    for _ in range(-(-whole.total // 5)):
        query = Query(words=words, sort=sort, page=Page(5, cursor))
        found = search.find(north.owner(), query)
        walked += [one.id for one in found.listings]
        cursor = found.next_cursor

    assert cursor is None
    assert walked == [one.id for one in whole.listings]
    assert len(set(walked)) == whole.total


def test_orders_stay_right_when_one_changes(filled: Core, search: Search, north: Tenant, ids: Ids):
    assert ids(sort="name")[0] == "ext-00"
    assert ids(sort="most_installed")[0] == "ext-00"
    with filled.works.across_workspaces("count installs in a test", write=True) as work:
        work.session.get_one(RegistryExtension, "ext-17").install_count = 50
        work.session.get_one(RegistryExtension, "ext-17").name_key = "aa"

    assert ids(sort="most_installed")[:2] == ["ext-17", "ext-00"]
    assert ids(sort="name")[:2] == ["ext-17", "ext-00"]
    assert len(ids(sort="name")) == 24


def test_featured_and_what_is_near_to_interests(filled: Core, ids: Ids):
    with filled.works.across_workspaces("feature in a test", write=True) as work:
        work.session.get_one(RegistryExtension, "ext-07").featured = 1

    assert ids(featured=True) == ["ext-07"]
    both = ids(interests=frozenset({"email", "sales"}), sort="name")
    assert both == ids(category="sales", sort="name")
    assert ids(interests=frozenset({"unknown"})) == []
    assert ids(among=frozenset({"ext-01", "unknown"})) == ["ext-01"]


def test_what_is_private_is_found_in_its_workspace_only(
    both_cores: Core, search: Search, north: Tenant, ids: Ids
):
    south = make_tenant(both_cores, "south")
    publish(both_cores, "Mail Sync", categories=["email"])
    own = {"extension_id": "mail-sync", "visibility": "private", "workspace_id": south.id}
    publish(both_cores, "Own Mail", id="p_1", categories=["secret"], **own)
    publish(both_cores, "Old", id="p_2", visibility="shelved", workspace_id=south.id)

    def seen(tenant: Tenant, **query: Any) -> list[str]:
        return [one.name for one in search.find(tenant.owner(), Query(**query)).listings]

    assert (seen(north), seen(south)) == (["Mail Sync"], ["Own Mail"])
    assert (seen(north, words="mail"), seen(south, words="mail")) == (["Mail Sync"], ["Own Mail"])
    assert (seen(north, private=True), seen(south, private=True)) == ([], ["Own Mail"])
    assert search.categories(north.owner()) == ["email"]
    assert search.categories(south.owner()) == ["secret"]
    assert ids(category="secret") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"sort": "price"},
        {"adds": ("robots",)},
        {"levels": ("all",)},
        {"state": "broken"},
        {"origin": "moon"},
        {"rating": 5},
    ],
)
def test_what_can_t_be_chosen_is_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationFailed):
        Query(**wrong)


def test_sets_of_numbers_are_sets():
    pick = random.Random(1)  # noqa: S311 - as above
    for count in (0, 1, 20, 30, 900):
        numbers = sorted(pick.sample(range(1_000), count))
        bits = bits_of(numbers, 1_000)
        assert members_of(bits) == numbers
        assert sum(flags_of(bits)) == bits.bit_count() == count
    assert bits_of([3, 5_000], 1_000) == bits_of([3, *[5_000] * 30], 1_000) == 8


def test_facts_are_read_off_a_manifest():
    everything = {
        "ui": {
            "dashboard_widgets": [1],
            "record_panels": [1],
            "record_actions": [1],
            "pages": [1],
        },
        "inbound_webhooks": [1],
        "schedules": [1],
    }
    assert added_kinds(adds_of(everything)) == ADDS
    assert adds_of({}) == 0
    levels = {
        "nothing": {},
        "reads": {"permissions": ["read:leads"]},
        "changes": {"permissions": ["read:leads"], "optional_permissions": ["write:leads"]},
        "sends": {"network": [{"host": "x.example"}]},
    }
    assert {name: LEVELS[level_of(one)] for name, one in levels.items()} == {
        name: name for name in LEVELS
    }
    assert level_of({"events": ["lead.created"]}) == level_of(levels["reads"])
