from datetime import UTC, datetime
from typing import Any

import pytest

from geminicrm.app import Core
from marketplace.cards import InstalledState, category_label, installed_states, make_card
from marketplace.listings import Listing
from tests.support.core import Tenant, make_tenant
from tests.unit.marketplace.test_counts import install

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def listing(**members: Any) -> Listing:
    base = {
        "id": "mail-sync",
        "name": "Mail Sync",
        "description": "D",
        "author": "A",
        "publisher": "P",
        "verified": False,
        "built_in": False,
        "categories": ("email",),
        "keywords": (),
        "latest_version": "1.10.0",
        "install_count": 0,
        "icon_digest": None,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Listing(**{**base, **members})


@pytest.mark.parametrize(
    ("installed", "state"),
    [
        (None, ""),
        (InstalledState("1.10.0", enabled=True, status="enabled"), "installed"),
        (InstalledState("1.9.0", enabled=True, status="enabled"), "update"),
        (InstalledState("2.0.0", enabled=True, status="enabled"), "installed"),
        (InstalledState("1.9.0", enabled=False, status="disabled"), "disabled"),
        (InstalledState("1.10.0", enabled=True, status="failed"), "failed"),
    ],
)
def test_the_state_is_told(installed: InstalledState | None, state: str):
    assert make_card(listing(), installed).state == state


def test_without_an_icon_the_category_gives_one():
    card = make_card(listing(), None)

    assert (card.picture, card.icon, card.hue) == (None, "mail", 1)
    assert card.url == "/marketplace/mail-sync"


def test_unknown_categories_get_a_puzzle_piece():
    card = make_card(listing(categories=("weather",)), None)

    assert card.icon == "puzzle"
    assert 1 <= card.hue <= 6


def test_an_icon_of_its_own_is_named_by_its_contents():
    card = make_card(listing(icon_digest="0123456789abcdef"), None)

    assert card.picture == "/marketplace/mail-sync/icon?v=0123456789"


@pytest.mark.parametrize(
    ("category", "label"),
    [("email", "Email"), ("issue-tracking", "Issue tracking"), ("crm-sync", "CRM sync"), ("", "")],
)
def test_categories_are_read_by_people(category: str, label: str):
    assert category_label(category) == label


def test_a_workspace_sees_its_own_installations_only(core: Core, tenant: Tenant):
    install(core, tenant, "mail-sync")
    install(core, make_tenant(core, "south"), "lead-scorer")
    look_up = installed_states(core.works)

    assert look_up(tenant.owner()) == {
        "mail-sync": InstalledState("0.1.0", enabled=True, status="enabled")
    }
    assert look_up(tenant.owner("read:leads")) == {}
