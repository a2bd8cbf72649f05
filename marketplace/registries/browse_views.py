"""Other registries in the marketplace: /marketplace/from/<registry>, read as the page is asked for.

They have addresses of their own, so that a registry that hangs never holds up the marketplace of
this installation, and nobody takes an extension of the one for that of the other.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from geminicrm.identity.guards import current_actor
from geminicrm.kernel.errors import AppError, NotFound
from geminicrm.kernel.paging import Page
from geminicrm.runtime.manifest import build_manifest
from geminicrm.web.pages import render
from marketplace import abilities
from marketplace.cards import Card, InstalledStates, category_label, make_card
from marketplace.inspection import icon_type
from marketplace.prose import to_html
from marketplace.registries.browsing import Browsing
from marketplace.registries.rows import Facts
from marketplace.search import Query

_PAGE: Final = 24
_ICON_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
_CHANGELOGS: Final = ("Changelog", "Change log", "Changes")
_Answer = str | tuple[str, int]


def blueprint(browsing: Browsing, installed: InstalledStates) -> Blueprint:
    """Serve the pages; `installed` tells a workspace's own state."""
    pages = Blueprint("registries_browse", __name__, url_prefix="/marketplace/from/<registry>")

    @pages.app_template_global("other_registries")
    def other_registries() -> Sequence[Facts]:
        return browsing.others()

    _add_list(pages, browsing, installed)
    _add_one(pages, browsing, installed)
    return pages


def _add_list(pages: Blueprint, browsing: Browsing, installed: InstalledStates) -> None:
    @pages.get("")
    def index(registry: str) -> _Answer:
        actor = current_actor()
        asked = {name: request.args.get(name, "").strip() for name in ("q", "category")}
        page = Page(_PAGE, request.args.get("cursor"))
        query = Query(words=asked["q"], category=asked["category"], page=page)
        shared = {"registry": registry, "asked": asked, "label": category_label}
        try:
            catalogue = browsing.of(registry)
            found = catalogue.search(actor, query)
            categories = catalogue.categories(actor)
        except NotFound:
            raise
        except AppError as error:
            # It is theirs that is away: the page says so, and the marketplace goes on.
            away = render("registries/browse.html", **shared, away=error, cards=[], total=0)
            return away, error.status
        states = installed(actor)
        return render(
            "registries/browse.html",
            **shared,
            away=None,
            total=found.total,
            cards=[
                _placed(make_card(each, states.get(each.id)), registry) for each in found.listings
            ],
            categories=[(name, category_label(name)) for name in categories],
            next_url=_next(registry, asked, found.next_cursor),
        )


def _add_one(pages: Blueprint, browsing: Browsing, installed: InstalledStates) -> None:
    @pages.get("/<extension_id>")
    def one(registry: str, extension_id: str) -> str:
        actor = current_actor()
        catalogue = browsing.of(registry)
        listing, release = catalogue.get(actor, extension_id)
        texts = catalogue.texts(actor, release)
        manifest = build_manifest(release.manifest)
        return render(
            "registries/one.html",
            registry=registry,
            facts=catalogue.facts,
            origin=browsing.origin(actor, extension_id),
            card=_placed(make_card(listing, installed(actor).get(listing.id)), registry),
            release=release,
            releases=catalogue.versions(actor, extension_id),
            manifest=manifest,
            readme=to_html(texts.readme, listing.name),
            changelog=to_html(texts.changelog, *_CHANGELOGS),
            summary=abilities.summary(manifest),
            withheld=abilities.withheld(manifest),
            label=category_label,
            may_manage=actor.allows("manage:extensions"),
        )

    @pages.get("/<extension_id>/icon")
    def icon(registry: str, extension_id: str) -> Response:
        found = browsing.of(registry).icon(current_actor(), extension_id)
        if found is None:
            raise NotFound("icon of", extension_id)
        response = Response(found.content, mimetype=icon_type(found.content))
        response.headers["Content-Security-Policy"] = _ICON_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "private, max-age=600"
        return response


def _placed(card: Card, registry: str) -> Card:
    picture = f"/marketplace/from/{registry}/{card.listing.id}/icon" if card.picture else None
    return replace(card, picture=picture)


def _next(registry: str, asked: dict[str, str], cursor: str | None) -> str | None:
    if cursor is None:
        return None
    given: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return f"/marketplace/from/{registry}?{urlencode({**given, 'cursor': cursor})}"
