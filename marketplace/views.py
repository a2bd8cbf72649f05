"""The form that publishes a package."""

from flask import Blueprint, flash, redirect
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, Finding, ValidationFailed
from geminicrm.web.pages import render
from marketplace.listings import Published
from marketplace.service import PUBLISH, Registry
from marketplace.uploads import allow_packages, uploaded_package


def blueprint(registry: Registry) -> Blueprint:
    """Serve the form that publishes a package."""
    pages = Blueprint("marketplace", __name__, template_folder="templates")
    pages.url_value_preprocessor(allow_packages)
    _add_publishing(pages, registry)
    return pages


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


def _lines(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{one.pointer}: {one.message}" if one.pointer else one.message for one in findings]


def _done(published: Published) -> str:
    name = f"{published.release.manifest['name']} {published.release.version}"
    return f"{name} is published." if published.created else f"{name} was published before."
