"""A marketplace of rows put in by hand: the index follows, packages would take too long."""

from collections.abc import Callable
from typing import Any

import pytest

from geminicrm.app import Core
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.paging import MAX_LIMIT, Page
from marketplace.models import RegistryExtension, RegistryVersion
from marketplace.search import Query, Search
from tests.support.core import Tenant, make_tenant


def publish(core: Core, name: str, readme: str = "", **facts: Any) -> None:
    """Store an extension and its one version, as they are after publishing."""
    key = facts.pop("id", name.lower().replace(" ", "-"))
    manifest = facts.pop("manifest", {})
    with core.works.across_workspaces("fill a marketplace for a test", write=True) as work:
        row = {
            "publisher_id": "pub_1",
            "publisher": "Relay Works",
            "verified": False,
            "built_in": False,
            "name": name,
            "name_key": name.casefold(),
            "description": "",
            "author": "Relay Works",
            "categories": [],
            "keywords": [],
            "latest_version": "1.0.0",
            "created_at": work.now,
            "updated_at": work.now,
            **facts,
        }
        work.session.add(RegistryExtension(id=key, **row))
        work.session.flush()
        work.session.add(
            RegistryVersion(
                id=new_id("rel"),
                extension_id=key,
                version="1.0.0",
                digest="d",
                size=1,
                manifest={"id": row.get("extension_id", key), **manifest},
                readme=readme,
                changelog="",
                published_at=work.now,
                published_by="Olga",
                findings=[],
            )
        )


@pytest.fixture
def north(both_cores: Core) -> Tenant:
    """Give a workspace on each engine."""
    return make_tenant(both_cores, "north")


@pytest.fixture
def search(both_cores: Core) -> Search:
    """Give a search on each engine."""
    return Search(both_cores.works)


@pytest.fixture
def ids(search: Search, north: Tenant) -> Callable[..., list[str]]:
    """Give the function that names what a query finds, in its order."""

    def find(words: str = "", **query: Any) -> list[str]:
        wanted = Query(words=words, page=Page(MAX_LIMIT), **query)
        return [listing.id for listing in search.find(north.owner(), wanted).listings]

    return find
