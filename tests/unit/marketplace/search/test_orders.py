import pytest

from geminicrm.app import Core
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.paging import Page, encode_cursor
from marketplace.blobs import Blobs
from marketplace.models import RegistryExtension
from marketplace.search import Query
from marketplace.service import Registry
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.conftest import Author, sign_up

EXTENSIONS = {
    "mail-sync": ("Mail Sync", ["email"], 7),
    "lead-scorer": ("lead scorer 100%", ["sales", "ai"], 9),
    "chat-alerts": ("Chat Alerts", ["chat"], 7),
}


def fill(core: Core, registry: Registry, author: Author, clock: FixedClock) -> Tenant:
    tenant = make_tenant(core, "north")
    sign_up(core, tenant)
    for extension_id, (name, categories, installs) in EXTENSIONS.items():
        clock.advance(60)
        registry.publish(
            tenant.owner(), author.package(extension_id, name=name, categories=categories)
        )
        with core.works.across_workspaces("pretend installations", write=True) as work:
            work.session.get_one(RegistryExtension, extension_id).install_count = installs
    return tenant


class Still:
    """Counts nothing: the numbers are made up."""

    def refresh(self) -> None:
        """Leave the counts alone."""


@pytest.fixture
def filled(both_cores: Core, blobs: Blobs, author: Author, clock: FixedClock):
    keys, note = both_cores.marketplace.keys, both_cores.own_packages.note
    registry = Registry(both_cores.works, blobs, Still(), keys, note)
    tenant = fill(both_cores, registry, author, clock)

    def ids(**query: object) -> list[str]:
        found = registry.search(tenant.owner(), Query(**query))
        assert found.total >= len(found.listings)
        return [listing.id for listing in found.listings]

    ids.registry, ids.tenant = registry, tenant
    return ids


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("most_installed", ["lead-scorer", "chat-alerts", "mail-sync"]),
        ("recent", ["chat-alerts", "lead-scorer", "mail-sync"]),
        ("name", ["chat-alerts", "lead-scorer", "mail-sync"]),
    ],
)
def test_orders_and_their_pages(filled, sort: str, expected: list[str]):
    walked: list[str] = []
    cursor = None
    for _ in EXTENSIONS:
        found = filled.registry.search(
            filled.tenant.owner(), Query(sort=sort, page=Page(1, cursor))
        )
        walked += [listing.id for listing in found.listings]
        assert found.total == len(EXTENSIONS)
        cursor = found.next_cursor

    assert filled(sort=sort) == expected
    assert walked == expected
    assert cursor is None


def test_all_words_have_to_be_there(filled):
    expected = {
        "MAIL": ["mail-sync"],
        "sync mail": ["mail-sync"],
        "100%": ["lead-scorer"],
        "%": [],
        "_": [],
        "chat nothing": [],
        "aler\x00": ["chat-alerts"],
        "al erts": [],
    }

    assert {words: filled(words=words) for words in expected} == expected


def test_categories_and_chosen_ids_narrow_the_search(filled):
    assert filled(category="ai") == ["lead-scorer"]
    assert filled(category="a\x00i") == ["lead-scorer"]
    assert filled(category="none") == []
    assert filled(among=frozenset({"mail-sync"})) == ["mail-sync"]
    assert filled(among=frozenset()) == []


def test_an_unknown_order_is_refused():
    with pytest.raises(ValidationFailed, match="is none of"):
        Query(sort="price")


@pytest.mark.parametrize(
    ("sort", "cursor"),
    [
        ("name", "rubbish"),
        ("name", encode_cursor((1, "a"), "most_installed")),
        ("most_installed", encode_cursor(("1", "a"), "most_installed")),
        ("most_installed", encode_cursor((None, "a"), "most_installed")),
        ("name", encode_cursor(("a", None), "name")),
        ("recent", encode_cursor(("yesterday", "a"), "recent")),
    ],
)
def test_cursors_made_by_hand_are_refused(
    registry: Registry, tenant: Tenant, sort: str, cursor: str
):
    with pytest.raises(ValidationFailed, match="no cursor of this list"):
        registry.search(tenant.owner(), Query(sort=sort, page=Page(10, cursor)))
