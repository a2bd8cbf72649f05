"""The marketplace for people: browse, one extension, publish."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, flash, make_response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, Finding, NotFound, ValidationFailed
from geminicrm.kernel.paging import Page
from geminicrm.runtime.manifest import build_manifest
from geminicrm.web.pages import render
from marketplace import abilities
from marketplace.api import allow_packages, uploaded_package
from marketplace.cards import InstalledStates, category_label, make_card
from marketplace.inspection import icon_type
from marketplace.listings import Listing, Published, Release
from marketplace.prose import to_html
from marketplace.search import SORTS, Query
from marketplace.service import PUBLISH, Registry

_PAGE = 48
_SORT_LABELS = {
    "most_installed": "Most installed",
    "recent": "Recently updated",
    "name": "Name",
}
# An SVG opened by its own address is a document: it gets no script, no origin and no network.
_ICON_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
_CHANGELOGS = ("Changelog", "Change log", "Changes")
_YEAR = "private, max-age=31536000, immutable"


def blueprint(
    registry: Registry, installed: InstalledStates, confines: Callable[[], bool]
) -> Blueprint:
    """Serve /marketplace and what lies below it.

    `installed` tells a workspace's own state, `confines` whether this machine locks up code that
    is not part of the CRM.
    """
    pages = Blueprint("marketplace", __name__, template_folder="templates")
    pages.url_value_preprocessor(allow_packages)
    _add_browsing(pages, registry, installed)
    _add_publishing(pages, registry)
    page = partial(_extension_page, installed, confines)
    _add_extension(pages, registry, page)
    return pages


def _add_browsing(pages: Blueprint, registry: Registry, installed: InstalledStates) -> None:
    @pages.get("/marketplace")
    def browse() -> Response:
        actor = current_actor()
        states = installed(actor)
        query, filters = _query(states)
        found = registry.search(actor, query)
        context = {
            "filters": filters,
            "total": found.total,
            "cards": [make_card(each, states.get(each.id)) for each in found.listings],
            "first_url": _address(filters) if query.page.cursor else None,
            "next_url": _address(filters, found.next_cursor) if found.next_cursor else None,
            "label": category_label,
        }
        if _wants_fragment():
            response = make_response(render("marketplace/fragment.html", **context))
            response.headers["HX-Push-Url"] = _address(filters)
        else:
            response = make_response(_browse_page(registry, context))
        response.vary.add("HX-Request")
        return response


def _browse_page(registry: Registry, context: Mapping[str, Any]) -> str:
    actor = current_actor()
    names = registry.categories(actor)
    return render(
        "marketplace/browse.html",
        categories=[("", "All"), *((name, category_label(name)) for name in names)],
        sorts=_SORT_LABELS,
        may_publish=actor.allows(PUBLISH),
        **context,
    )


def _add_publishing(pages: Blueprint, registry: Registry) -> None:
    @pages.get("/marketplace/publish")
    @needs(PUBLISH)
    def publish_form() -> str:
        return render("marketplace/publish.html", wrong=None, published=None)

    @pages.post("/marketplace/publish")
    @needs(PUBLISH)
    def publish() -> str | AnyResponse | tuple[str, int]:
        try:
            published = registry.publish(current_actor(), uploaded_package())
        except AppError as error:
            findings = error.findings if isinstance(error, ValidationFailed) else ()
            wrong = {"title": error.title, "lines": _lines(findings) or [error.detail]}
            return render("marketplace/publish.html", wrong=wrong, published=None), error.status
        if published.warnings:
            return render(
                "marketplace/publish.html",
                wrong=None,
                published=published,
                warnings=_lines(published.warnings),
            )
        flash(_done(published), "success")
        return redirect(f"/marketplace/{published.release.extension_id}", code=303)


def _add_extension(pages: Blueprint, registry: Registry, page: Callable[..., str]) -> None:
    @pages.get("/marketplace/<extension_id>")
    def overview(extension_id: str) -> str:
        listing, release = registry.get(current_actor(), extension_id)
        readme = to_html(registry.texts(current_actor(), release).readme, listing.name)
        return page("overview", listing, release, readme=readme)

    @pages.get("/marketplace/<extension_id>/permissions")
    def permissions(extension_id: str) -> str:
        listing, release = registry.get(current_actor(), extension_id)
        manifest = build_manifest(release.manifest)
        return page(
            "permissions",
            listing,
            release,
            required=abilities.grouped(abilities.required(manifest)),
            optional=abilities.optional(manifest),
        )

    @pages.get("/marketplace/<extension_id>/versions")
    def versions(extension_id: str) -> str:
        actor = current_actor()
        listing, release = registry.get(actor, extension_id)
        changelog = to_html(registry.texts(actor, release).changelog, *_CHANGELOGS)
        releases = registry.versions(actor, extension_id)
        return page("versions", listing, release, releases=releases, changelog=changelog)

    @pages.get("/marketplace/<extension_id>/icon")
    def icon(extension_id: str) -> Response:
        found = registry.icon(current_actor(), extension_id)
        if found is None:
            raise NotFound("icon of", extension_id)
        response = Response(found.content, mimetype=icon_type(found.content))
        response.headers["Content-Security-Policy"] = _ICON_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        if found.digest.startswith(request.args.get("v") or "-"):
            response.headers["Cache-Control"] = _YEAR
        return response


def _extension_page(
    installed: InstalledStates,
    confines: Callable[[], bool],
    tab: str,
    listing: Listing,
    release: Release,
    **context: Any,
) -> str:
    actor = current_actor()
    manifest = build_manifest(release.manifest)
    return render(
        f"marketplace/{tab}.html",
        tab=tab,
        card=make_card(listing, installed(actor).get(listing.id)),
        release=release,
        manifest=manifest,
        summary=abilities.summary(manifest),
        withheld=abilities.withheld(manifest),
        additions=abilities.additions(manifest),
        label=category_label,
        may_manage=actor.allows("manage:extensions"),
        confined=listing.built_in or confines(),
        **context,
    )


def _query(states: Mapping[str, object]) -> tuple[Query, dict[str, str]]:
    """Read the filters of the address; an unknown order counts as the first one."""
    sort = request.args.get("sort", "")
    filters = {
        "q": request.args.get("q", "").strip(),
        "category": request.args.get("category", ""),
        "show": "installed" if request.args.get("show") == "installed" else "",
        "sort": sort if sort in SORTS else "most_installed",
    }
    query = Query(
        words=filters["q"],
        category=filters["category"],
        sort=filters["sort"],
        among=frozenset(states) if filters["show"] else None,
        page=Page(_PAGE, request.args.get("cursor")),
    )
    return query, filters


def _address(filters: Mapping[str, str], cursor: str | None = None) -> str:
    """Give the address of a search, without what goes without saying."""
    given = {key: value for key, value in filters.items() if value and value != "most_installed"}
    if cursor:
        given["cursor"] = cursor
    return f"/marketplace?{urlencode(given)}" if given else "/marketplace"


def _wants_fragment() -> bool:
    # Going back asks for the whole page by htmx too.
    going_back = "HX-History-Restore-Request" in request.headers
    return "HX-Request" in request.headers and not going_back


def _lines(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{one.pointer}: {one.message}" if one.pointer else one.message for one in findings]


def _done(published: Published) -> str:
    name = f"{published.release.manifest['name']} {published.release.version}"
    return f"{name} is published." if published.created else f"{name} was published before."
