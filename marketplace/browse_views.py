"""The page on which people look for extensions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response, make_response, request

from geminicrm.identity.actor import PersonActor
from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.web.pages import render
from marketplace.asking import asked, chosen
from marketplace.cards import Card, InstalledState, InstalledStates, category_label, make_card
from marketplace.choices import SORT_LABELS, categories, chips, groups, url_of
from marketplace.search import Query
from marketplace.service import PUBLISH, Registry

_PAGE: Final = 24
_SHELF: Final = 3
_MOST_FEATURED: Final = 12


def blueprint(registry: Registry, installed: InstalledStates) -> Blueprint:
    """Serve /marketplace; `installed` tells a workspace's own state."""
    pages = Blueprint("marketplace_browse", __name__, template_folder="templates")

    @pages.get("/marketplace")
    def browse() -> Response:
        actor = current_actor()
        states = installed(actor)
        context = _context(registry, actor, states)
        fragment = _wants_fragment()
        template = "marketplace/fragment.html" if fragment else "marketplace/browse.html"
        response = make_response(render(template, may_publish=actor.allows(PUBLISH), **context))
        if fragment:
            response.headers["HX-Push-Url"] = context["here"]
        response.vary.add("HX-Request")
        return response

    return pages


def _context(
    registry: Registry, actor: PersonActor, states: Mapping[str, InstalledState]
) -> dict[str, Any]:
    query = replace(_query(states), facets=True, page=Page(_PAGE, request.args.get("cursor")))
    found = registry.search(actor, query)
    address = chosen(query)
    asked_for = bool(address)
    return {
        "query": query,
        "here": url_of(address),
        "total": found.total,
        "cards": _cards(found.listings, states),
        "groups": groups(query, found.facets),
        "categories": categories(query, registry.categories(actor), found.facets["category"]),
        "chips": chips(address),
        "clear_url": url_of(chosen(Query(words=query.words, sort=query.sort))),
        "sorts": SORT_LABELS,
        "by_itself": "By relevance" if query.words else "By installations",
        "first_url": url_of(address) if query.page.cursor else None,
        "next_url": url_of(address, found.next_cursor) if found.next_cursor else None,
        "label": category_label,
        "shelves": [] if asked_for or query.page.cursor else _shelves(registry, actor, states),
    }


def _query(states: Mapping[str, InstalledState]) -> Query:
    """Read the filters of the address; one that can't be chosen shows everything."""
    try:
        return asked(states)
    except ValidationFailed:
        return Query(
            words=request.args.get("q", "").strip(),
            installed={name: state.version for name, state in states.items()},
        )


def _shelves(
    registry: Registry, actor: PersonActor, states: Mapping[str, InstalledState]
) -> list[dict[str, Any]]:
    """Give what the operators show first, and what goes with what is in use."""
    first = registry.search(actor, Query(featured=True, page=Page(_MOST_FEATURED))).listings
    featured = sorted(first, key=lambda one: (one.featured or 0, one.id))
    shelves = [{"title": "Featured", "lead": "", "cards": _cards(featured, states)}]
    interests = _interests(registry, actor, states)
    if interests:
        query = Query(
            interests=interests,
            state="not_installed",
            installed={name: state.version for name, state in states.items()},
            sort="relevance",
            page=Page(_SHELF + len(featured)),
        )
        shown = {one.id for one in featured}
        near_ones = [one for one in registry.search(actor, query).listings if one.id not in shown]
        near = ", ".join(sorted(category_label(one) for one in interests))
        shelves.append(
            {
                "title": "Recommended for what you use",
                "lead": f"In the categories of what is installed here: {near}.",
                "cards": _cards(near_ones[:_SHELF], states),
            }
        )
    return [shelf for shelf in shelves if shelf["cards"]]


def _interests(
    registry: Registry, actor: PersonActor, states: Mapping[str, InstalledState]
) -> frozenset[str]:
    if not states:
        return frozenset()
    mine = registry.search(actor, Query(among=frozenset(states), page=Page(100))).listings
    return frozenset(category for one in mine for category in one.categories)


def _cards(listings: Any, states: Mapping[str, InstalledState]) -> list[Card]:
    return [make_card(each, states.get(each.id)) for each in listings]


def _wants_fragment() -> bool:
    # Going back asks for the whole page by htmx too.
    going_back = "HX-History-Restore-Request" in request.headers
    return "HX-Request" in request.headers and not going_back
