"""The consent page: what an extension would be able to do, and the way to allow it."""

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, Conflict, ValidationFailed
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.inventory import MANAGE
from geminicrm.runtime.plan import Plan
from geminicrm.runtime.plan_views import request_for, shown, trust_field, unsigned
from geminicrm.runtime.problems import (
    AlreadyInstalled,
    InstallFailed,
    NotInstalled,
    TrustRequired,
)
from geminicrm.runtime.service import LifeCycle
from geminicrm.web.pages import render

Page = Response | str | tuple[str, int]


def blueprint(life: LifeCycle) -> Blueprint:
    """Serve /marketplace/<extension-id>/install."""
    pages = Blueprint("consent", __name__, template_folder="templates")

    @pages.get("/marketplace/<extension_id>/install")
    @needs(MANAGE)
    def ask(extension_id: str) -> Page:
        if _is_installed(life, extension_id):
            return _elsewhere(extension_id)
        return _consent_page(life, extension_id)

    @pages.post("/marketplace/<extension_id>/install")
    @needs(MANAGE)
    def allow(extension_id: str) -> Page:
        try:
            change = life.install(current_actor(), _request(life, extension_id))
        except AlreadyInstalled as error:
            flash(error.detail, "info")
            return redirect(url_for("installed.overview", extension_id=extension_id))
        except TrustRequired as error:
            wrong = f"Type {error.extension_id} exactly to show that you trust this code."
            errors = {error.extension_id: wrong}
            return _consent_page(life, extension_id, trust_errors=errors, status=422)
        except (InstallFailed, ValidationFailed, Conflict) as error:
            return _consent_page(life, extension_id, failure=error, status=error.status)
        name = change.installation["name"]
        if change.installation["missing_settings"]:
            flash(f"{name} is installed. It needs a few settings before it can work.", "info")
            return redirect(url_for("installed.settings", extension_id=extension_id))
        flash(f"{name} is installed.", "success")
        return redirect(url_for("installed.index"))

    return pages


def _elsewhere(extension_id: str) -> Response:
    """Lead to where another version of what is installed is agreed to."""
    version = request.args.get("version")
    if version is None:
        return redirect(url_for("installed.overview", extension_id=extension_id))
    return redirect(url_for("updates.ask", extension_id=extension_id, version=version))


def _request(life: LifeCycle, extension_id: str) -> InstallRequest:
    return request_for(_plan(life, extension_id))


def _plan(life: LifeCycle, extension_id: str) -> Plan:
    # The version that was shown: a newer one may ask for more.
    version = request.values.get("version") or None
    return life.plan(current_actor(), extension_id, version, allow_unsigned=True)


def _consent_page(
    life: LifeCycle,
    extension_id: str,
    *,
    failure: AppError | None = None,
    trust_errors: dict[str, str] | None = None,
    status: int = 200,
) -> Page:
    try:
        plan = _plan(life, extension_id)
    except InstallFailed as error:
        return refused(error, extension_id)
    page = render(
        "runtime/consent.html",
        **shown(plan),
        needs_unsigned=[] if life.allow_unsigned else unsigned(plan),
        failure=failure,
        trust_errors=trust_errors or {},
        trust_field=trust_field,
    )
    return page, status


def refused(error: AppError, extension_id: str) -> tuple[str, int]:
    """Say why there is nothing to agree to."""
    page = render("runtime/refused.html", failure=error, extension_id=extension_id)
    return page, error.status


def _is_installed(life: LifeCycle, extension_id: str) -> bool:
    try:
        life.get(current_actor(), extension_id)
    except NotInstalled:
        return False
    return True
