"""The pages of other versions: the difference, the way forward, the way back, what has run."""

from collections.abc import Callable
from typing import Any, TypeAlias

from flask import Blueprint, flash, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError
from geminicrm.runtime.changes import Change
from geminicrm.runtime.inventory import MANAGE, READ
from geminicrm.runtime.plan import Kind, Plan
from geminicrm.runtime.plan_views import request_for, shown, trust_field, unsigned
from geminicrm.runtime.problems import NotInstalled, TrustRequired
from geminicrm.runtime.semver import SemVer
from geminicrm.runtime.service import LifeCycle
from geminicrm.runtime.upgrade_problems import NothingBefore
from geminicrm.runtime.views import installation_page

Page = Response | str | tuple[str, int]
Prose: TypeAlias = Callable[[str], Markup]
_GONE = (NotInstalled, NothingBefore)


def blueprint(life: LifeCycle, prose: Prose) -> Blueprint:
    """Serve /installed/<extension-id>/upgrade, /rollback and /versions, and /installed/updates."""
    pages = Blueprint("updates", __name__, template_folder="templates", url_prefix="/installed")
    _forward(pages, life, prose)
    _backward(pages, life, prose)
    _listing(pages, life)
    return pages


def _forward(pages: Blueprint, life: LifeCycle, prose: Prose) -> None:
    @pages.get("/<extension_id>/upgrade")
    @needs(MANAGE)
    def ask(extension_id: str) -> Page:
        return _change_page(life, prose, extension_id, "upgrade")

    @pages.post("/<extension_id>/upgrade")
    @needs(MANAGE)
    def allow(extension_id: str) -> Page:
        try:
            plan = _plan(life, extension_id, "upgrade")
            change = life.upgrades.upgrade(current_actor(), request_for(plan))
        except _GONE:
            raise
        except TrustRequired as error:
            wrong = f"Type {error.extension_id} exactly to show that you trust this code."
            errors = {error.extension_id: wrong}
            return _change_page(life, prose, extension_id, "upgrade", errors=errors, status=422)
        except AppError as error:
            return _failed(life, prose, extension_id, "upgrade", error)
        _say(change, "is updated to")
        return redirect(_next(change))

    @pages.post("/updates")
    @needs(MANAGE)
    def all_of_them() -> Page:
        for done, text in _update_all(life):
            flash(text, "success" if done else "error")
        return redirect(url_for("installed.index"))


def _backward(pages: Blueprint, life: LifeCycle, prose: Prose) -> None:
    @pages.get("/<extension_id>/rollback")
    @needs(MANAGE)
    def ask_back(extension_id: str) -> Page:
        return _change_page(life, prose, extension_id, "rollback")

    @pages.post("/<extension_id>/rollback")
    @needs(MANAGE)
    def back(extension_id: str) -> Page:
        version = request.form.get("version") or None
        try:
            change = life.upgrades.rollback(current_actor(), extension_id, version)
        except _GONE:
            raise
        except AppError as error:
            return _failed(life, prose, extension_id, "rollback", error)
        _say(change, "is back at")
        return redirect(url_for("updates.versions", extension_id=extension_id))


def _listing(pages: Blueprint, life: LifeCycle) -> None:
    @pages.get("/<extension_id>/versions")
    @needs(READ)
    def versions(extension_id: str) -> Page:
        actor = current_actor()
        return installation_page(
            life,
            extension_id,
            "versions",
            versions=life.upgrades.versions(actor, extension_id),
            update=updates_of(life).get(extension_id),
            offered=_offered(life, extension_id),
        )


def updates_of(life: LifeCycle) -> dict[str, dict[str, Any]]:
    """Give the updates that there are, by extension id."""
    return {one["extension_id"]: one for one in life.upgrades.available(current_actor())}


def _update_all(life: LifeCycle) -> list[tuple[bool, str]]:
    """Update what may do no more than before; each by itself, so that one keeps no other."""
    told = []
    for one in updates_of(life).values():
        if one["needs_consent"] or one.get("held_back"):
            continue
        try:
            plan = life.preview(current_actor(), one["extension_id"], one["latest"], "upgrade")
            if plan.needs_consent or plan.trust_required:
                continue  # something that comes with it asks for more: it waits like the others
            change = life.upgrades.upgrade(current_actor(), request_for(plan))
        except AppError as error:
            told.append((False, f"{one['name']} was not updated. {error.detail}"))
        else:
            told.append((True, f"{one['name']} is updated to {change.installation['version']}."))
    return told or [(True, "There is nothing to update without asking you.")]


def _plan(life: LifeCycle, extension_id: str, kind: Kind) -> Plan:
    # The version that was shown: a newer one may ask for more.
    version = request.values.get("version") or None
    return life.preview(current_actor(), extension_id, version, kind, allow_unsigned=True)


def _failed(
    life: LifeCycle, prose: Prose, extension_id: str, kind: Kind, error: AppError
) -> tuple[str, int]:
    return _change_page(life, prose, extension_id, kind, failure=error, status=error.status)


def _change_page(  # noqa: PLR0913 - what the page is of, and what went wrong with it
    life: LifeCycle,
    prose: Prose,
    extension_id: str,
    kind: Kind,
    *,
    failure: AppError | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> tuple[str, int]:
    try:
        plan = _plan(life, extension_id, kind)
    except _GONE:
        raise
    except AppError as error:
        wrong = failure or error
        page = installation_page(life, extension_id, "no_change", failure=wrong)
        return page, wrong.status
    page = installation_page(
        life,
        extension_id,
        "upgrade",
        **shown(plan),
        optional_new=[] if kind == "rollback" else _optional(life, plan),
        log=prose(plan.changelog) if plan.changelog else None,
        needs_unsigned=[] if life.allow_unsigned or kind == "rollback" else unsigned(plan),
        asks_trust=bool(errors) or not life.get(current_actor(), extension_id)["trusted"],
        failure=failure,
        trust_errors=errors or {},
        trust_field=trust_field,
    )
    return page, status


def _optional(life: LifeCycle, plan: Plan) -> list[dict[str, Any]]:
    """Give the optional permissions that it has not got yet."""
    granted = life.get(current_actor(), plan.extension_id)["granted"]
    return [one for one in shown(plan)["optional"] if one["name"] not in granted]


def _offered(life: LifeCycle, extension_id: str) -> list[dict[str, Any]]:
    present = SemVer.parse(life.get(current_actor(), extension_id)["version"])
    return [
        {**one, "newer": SemVer.parse(one["version"]) > present}
        for one in life.upgrades.offered(current_actor(), extension_id)
    ]


def _say(change: Change, done: str) -> None:
    live = "." if change.live else "; some workers are still catching up."
    one = change.installation
    flash(f"{one['name']} {done} {one['version']}{live}", "success")


def _next(change: Change) -> str:
    one = change.installation
    page = "installed.settings" if one["missing_settings"] else "installed.overview"
    return url_for(page, extension_id=one["extension_id"])
