"""Uploading a package: every finding at once, a look at the listing, then publishing it."""

from dataclasses import replace

from flask import Blueprint, Response, flash, redirect, request

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, NotFound, ValidationFailed
from geminicrm.runtime.manifest import build_manifest
from geminicrm.web.pages import render
from marketplace import abilities
from marketplace.cards import category_label, make_card
from marketplace.developer.forms import Page, rows, stored_rows
from marketplace.developer.preview import Preview, Previews
from marketplace.inspection import icon_type, inspect
from marketplace.prose import to_html
from marketplace.publishers.access import PUBLISH
from marketplace.publishers.service import Publishers
from marketplace.service import Registry, Wish
from marketplace.signed_package import split_package
from marketplace.uploads import uploaded_package

_ICON_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def add(pages: Blueprint, registry: Registry, publishers: Publishers, previews: Previews) -> None:
    """Add the pages."""

    @pages.get("/upload")
    @needs(PUBLISH)
    def upload_form() -> str:
        return _form(publishers, chosen=request.args.get("publisher", ""))

    @pages.post("/upload")
    @needs(PUBLISH)
    def upload() -> Page:
        chosen = request.form.get("publisher", "")
        try:
            found = previews.check(current_actor(), uploaded_package(), chosen or None)
        except AppError as error:
            return _form(publishers, chosen=chosen, error=error), error.status
        return _preview_page(found)

    @pages.post("/publish")
    @needs(PUBLISH)
    def publish() -> Page:
        actor = current_actor()
        try:
            package, slug = previews.package(actor, request.form.get("ticket", ""))
            published = registry.publish(actor, package, Wish(publisher=slug))
        except AppError as error:
            return _form(publishers, error=error), error.status
        release = published.release
        words = "is sent in" if published.created else "was published before"
        flash(f"{release.manifest['name']} {release.version} {words}.", "success")
        return redirect(f"/developer/extensions/{release.extension_id}", code=303)

    @pages.get("/preview-icon")
    @needs(PUBLISH)
    def preview_icon() -> Response:
        package, _ = previews.package(current_actor(), request.args.get("ticket", ""))
        icon = inspect(split_package(package)[0]).icon
        if icon is None:
            raise NotFound("icon of", "this package")
        response = Response(icon, mimetype=icon_type(icon))
        response.headers["Content-Security-Policy"] = _ICON_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _form(publishers: Publishers, chosen: str = "", error: AppError | None = None) -> str:
    found = error.findings if isinstance(error, ValidationFailed) else ()
    return render(
        "developer/upload.html",
        publishers=publishers.mine(current_actor()),
        workspace_slug=current_actor().workspace_id.replace("_", "-"),
        chosen=chosen,
        error=error,
        findings=rows(found),
    )


def _preview_page(found: Preview) -> str:
    manifest = build_manifest(found.release.manifest)
    card = make_card(found.listing, None)
    if found.found.icon:
        card = replace(card, picture=f"/developer/preview-icon?ticket={found.ticket}")
    return render(
        "developer/preview.html",
        preview=found,
        findings=stored_rows(one.to_dict() for one in found.found.checked),
        tab="overview",
        card=card,
        release=found.release,
        manifest=manifest,
        summary=abilities.summary(manifest),
        withheld=abilities.withheld(manifest),
        additions=abilities.additions(manifest),
        label=category_label,
        may_manage=False,
        confined=True,
        readme=to_html(found.found.readme, found.listing.name),
    )
