"""The pages of one extension: what it is, what it may do, its versions, support, its pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import NotFound
from geminicrm.runtime.manifest import build_manifest
from geminicrm.web.pages import render
from marketplace import abilities
from marketplace.cards import InstalledStates, category_label, make_card
from marketplace.featuring import OPERATE, Featuring
from marketplace.histories import history
from marketplace.inspection import icon_type
from marketplace.pictures import Pictures
from marketplace.prose import to_html
from marketplace.service import Registry

# An SVG opened by its own address is a document: it gets no script, no origin and no network.
_ICON_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
_PICTURE_POLICY: Final = "sandbox; default-src 'none'"
_CHANGELOGS: Final = ("Changelog", "Change log", "Changes")
_YEAR: Final = "private, max-age=31536000, immutable"
_LAST_PLACE: Final = 999
_TAB: Final = "/marketplace/<extension_id>"


@dataclass(frozen=True, kw_only=True)
class Showroom:
    """What the pages of an extension are made of.

    `installed` tells a workspace's own state, `confines` whether this machine locks up code that
    is not part of the CRM.
    """

    registry: Registry
    pictures: Pictures
    featuring: Featuring
    installed: InstalledStates
    confines: Callable[[], bool]

    def page(self, tab: str, extension_id: str, **context: Any) -> str:
        """Give one tab of an extension; UnknownExtension."""
        actor = current_actor()
        listing, release = self.registry.get(actor, extension_id)
        manifest = build_manifest(release.manifest)
        return render(
            f"marketplace/{tab}.html",
            tab=tab,
            card=make_card(listing, self.installed(actor).get(listing.id)),
            release=release,
            manifest=manifest,
            summary=abilities.summary(manifest),
            withheld=abilities.withheld(manifest),
            additions=abilities.additions(manifest),
            label=category_label,
            may_manage=actor.allows("manage:extensions"),
            may_operate=actor.allows(OPERATE),
            confined=listing.built_in or self.confines(),
            **context,
        )


def blueprint(room: Showroom) -> Blueprint:
    """Serve /marketplace/<extension-id> and what lies below it, reviews excepted."""
    pages = Blueprint("marketplace_extension", __name__, template_folder="templates")
    _add_tabs(pages, room)
    _add_pictures(pages, room)
    _add_featuring(pages, room)
    return pages


def _add_tabs(pages: Blueprint, room: Showroom) -> None:
    registry = room.registry

    @pages.get(_TAB)
    def overview(extension_id: str) -> str:
        actor = current_actor()
        listing, release = registry.get(actor, extension_id)
        readme = to_html(registry.texts(actor, release).readme, listing.name)
        shots = room.pictures.of(actor, extension_id, release.version)
        return room.page("overview", extension_id, readme=readme, shots=shots)

    @pages.get(f"{_TAB}/permissions")
    def permissions(extension_id: str) -> str:
        _, release = registry.get(current_actor(), extension_id)
        manifest = build_manifest(release.manifest)
        return room.page(
            "permissions",
            extension_id,
            required=abilities.grouped(abilities.required(manifest)),
            optional=abilities.optional(manifest),
        )

    @pages.get(f"{_TAB}/versions")
    def versions(extension_id: str) -> str:
        actor = current_actor()
        _, release = registry.get(actor, extension_id)
        changelog = to_html(registry.texts(actor, release).changelog, *_CHANGELOGS)
        steps = history(registry.versions(actor, extension_id))
        return room.page("versions", extension_id, steps=steps, changelog=changelog)

    @pages.get(f"{_TAB}/support")
    def support(extension_id: str) -> str:
        return room.page("support", extension_id)


def _add_pictures(pages: Blueprint, room: Showroom) -> None:
    @pages.get(f"{_TAB}/icon")
    def icon(extension_id: str) -> Response:
        found = room.registry.icon(current_actor(), extension_id)
        if found is None:
            raise NotFound("icon of", extension_id)
        forever = found.digest.startswith(request.args.get("v") or "-")
        kind = icon_type(found.content)
        return _picture(found.content, kind, _ICON_POLICY, forever=forever)

    @pages.get(f"{_TAB}/pictures/<picture_id>")
    def picture(extension_id: str, picture_id: str) -> Response:
        content, kind = room.pictures.read(current_actor(), extension_id, picture_id)
        return _picture(content, kind, _PICTURE_POLICY, forever=True)


def _add_featuring(pages: Blueprint, room: Showroom) -> None:
    @pages.post(f"{_TAB}/feature")
    @needs(OPERATE)
    def set_featured(extension_id: str) -> AnyResponse:
        text = request.form.get("place", "").strip()
        place = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None  # noqa: PLR2004 - three digits of places are enough
        room.featuring.place(current_actor(), extension_id, place)
        flash(
            "It is shown first." if place is not None else "It is shown as all others.", "success"
        )
        return redirect(f"/marketplace/{extension_id}", code=303)


def _picture(content: bytes, kind: str, policy: str, *, forever: bool) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Security-Policy"] = policy
    response.headers["X-Content-Type-Options"] = "nosniff"
    if forever:
        response.headers["Cache-Control"] = _YEAR
    return response
