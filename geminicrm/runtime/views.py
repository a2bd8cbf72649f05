"""The pages of what is installed: the list, one installation with its tabs, the way out."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.runtime.apps_views import Place, action_url
from geminicrm.runtime.changes import Change
from geminicrm.runtime.contributions import Contributions
from geminicrm.runtime.enforcement import ISOLATION_WORDS, TRUST_WORDS, layers
from geminicrm.runtime.hooks import Panel
from geminicrm.runtime.inventory import MANAGE, READ
from geminicrm.runtime.plan_lines import additions
from geminicrm.runtime.plan_views import shown
from geminicrm.runtime.problems import StillNeeded, TrustNotTyped
from geminicrm.runtime.removal import UNDO_DAYS
from geminicrm.runtime.service import LifeCycle
from geminicrm.runtime.settings_form import FormField, form_fields, read_form
from geminicrm.web.pages import render

Page = Response | str | tuple[str, int]
Drawn = tuple[Panel, str]
_LOG_LINES = 200
_PILLS = {
    "setup": ("Needs setup", "warning", "alert-triangle"),
    "failed": ("Failing", "danger", "alert-circle"),
    "disabled": ("Paused", "neutral", "player-pause"),
    "enabled": ("Healthy", "success", "circle-check"),
}


def blueprint(life: LifeCycle, contributions: Contributions) -> Blueprint:
    """Serve /installed and below."""
    pages = Blueprint("installed", __name__, template_folder="templates", url_prefix="/installed")
    _looking(pages, life)
    _rights(pages, life)
    _settings(pages, life, contributions)
    _changing(pages, life)
    _leaving(pages, life)
    return pages


def pill(installation: Mapping[str, Any]) -> tuple[str, str, str]:
    """Give text, tone and icon of an installation's state."""
    if installation["status"] == "enabled" and installation["missing_settings"]:
        return _PILLS["setup"]
    return _PILLS.get(installation["status"], (installation["status"], "neutral", "clock"))


def _looking(pages: Blueprint, life: LifeCycle) -> None:
    @pages.get("")
    @needs(READ)
    def index() -> Page:
        actor = current_actor()
        updates = {one["extension_id"]: one for one in life.upgrades.available(actor)}
        standing = life.upgrades.standings(actor)
        found = [
            {**one, "pill": pill(one), "standing": standing.get(one["extension_id"])}
            for one in life.list(actor)
        ]
        free = [one for one in updates.values() if not (one["needs_consent"] or one["held_back"])]
        groups = [("Running and paused", found)] if found else []
        removed = life.removals.removed(actor)
        return _page("list", groups=groups, updates=updates, free=free, removed=removed)

    @pages.get("/<extension_id>")
    @needs(READ)
    def overview(extension_id: str) -> Page:
        return _overview(life, extension_id)

    @pages.get("/<extension_id>/log")
    @needs(READ)
    def log(extension_id: str) -> Page:
        lines = life.inventory.log(current_actor(), extension_id, _LOG_LINES)
        return installation_page(life, extension_id, "log", lines=lines)


def _rights(pages: Blueprint, life: LifeCycle) -> None:
    @pages.get("/<extension_id>/permissions")
    @needs(READ)
    def permissions(extension_id: str) -> Page:
        found = life.inventory.permissions(current_actor(), extension_id)
        never = [line for line in found["data"] if line["granted"] and not line["used"]]
        return installation_page(life, extension_id, "permissions", found=found, never_used=never)

    @pages.post("/<extension_id>/permissions")
    @needs(MANAGE)
    def grant(extension_id: str) -> Page:
        give, remove = request.form.getlist("give"), request.form.getlist("remove")
        change = life.change_grant(current_actor(), extension_id, give=give, remove=remove)
        named = [f"{', '.join(scopes)} is {done}" for scopes, done in _done(give, remove) if scopes]
        _say(change, "; ".join(named) or "Nothing was named to give or take")
        return redirect(url_for("installed.permissions", extension_id=extension_id))

    @pages.post("/<extension_id>/trust")
    @needs(MANAGE)
    def trust(extension_id: str) -> Page:
        typed = request.form.get("trust", "").strip()
        try:
            change = life.trust(current_actor(), extension_id, typed)
        except TrustNotTyped:
            wrong = f"Type {extension_id} exactly. Nothing was changed."
            return _overview(life, extension_id, wrong), 422
        _say(change, f"{extension_id} is trusted: it runs as a plain process now")
        return _back(extension_id)

    @pages.post("/<extension_id>/distrust")
    @needs(MANAGE)
    def distrust(extension_id: str) -> Page:
        change = life.distrust(current_actor(), extension_id)
        _say(change, f"{extension_id} runs in a locked process again")
        return _back(extension_id)


def _done(give: list[str], remove: list[str]) -> tuple[tuple[list[str], str], ...]:
    return (give, "granted again"), (remove, "taken away, and refused from now on")


def _settings(pages: Blueprint, life: LifeCycle, contributions: Contributions) -> None:
    @pages.get("/<extension_id>/settings")
    @needs(MANAGE)
    def settings(extension_id: str) -> Page:
        actor = current_actor()
        manifest = life.inventory.manifest(actor, extension_id)
        fields = form_fields(manifest, life.get(actor, extension_id))
        return _settings_page(life, extension_id, fields, _panel(contributions, extension_id))

    @pages.post("/<extension_id>/settings")
    @needs(MANAGE)
    def save(extension_id: str) -> Page:
        actor = current_actor()
        manifest = life.inventory.manifest(actor, extension_id)
        sent = read_form(manifest, request.form)
        try:
            change = life.configure(actor, extension_id, sent)
        except ValidationFailed as error:
            found = error.findings
            fields = form_fields(manifest, life.get(actor, extension_id), sent, found)
            panel = _panel(contributions, extension_id)
            return _settings_page(life, extension_id, fields, panel), error.status
        _say(change, "The settings are saved")
        return redirect(url_for("installed.settings", extension_id=extension_id))


def _changing(pages: Blueprint, life: LifeCycle) -> None:
    @pages.post("/<extension_id>/enable")
    @needs(MANAGE)
    def enable(extension_id: str) -> Page:
        _say(life.enable(current_actor(), extension_id), f"{extension_id} runs again")
        return _back(extension_id)

    @pages.post("/<extension_id>/disable")
    @needs(MANAGE)
    def disable(extension_id: str) -> Page:
        _say(life.disable(current_actor(), extension_id), f"{extension_id} is paused")
        return _back(extension_id)


def _leaving(pages: Blueprint, life: LifeCycle) -> None:
    @pages.get("/<extension_id>/uninstall")
    @needs(MANAGE)
    def leaving(extension_id: str) -> Page:
        return _uninstall_page(life, extension_id)

    @pages.post("/<extension_id>/uninstall")
    @needs(MANAGE)
    def uninstall(extension_id: str) -> Page:
        purge = request.form.get("data") == "purge"
        name = life.get(current_actor(), extension_id)["name"]
        if purge and request.form.get("name", "").strip() != name:
            wrong = f"Type {name} exactly, or keep what it stored. Nothing was changed."
            return _uninstall_page(life, extension_id, name_error=wrong), 422
        try:
            removed = life.uninstall(current_actor(), extension_id, "purge" if purge else "keep")
        except StillNeeded as error:
            return _uninstall_page(life, extension_id, wrong=error.detail), error.status
        fate = "kept" if removed.kept else f"deleted in {UNDO_DAYS} days"
        flash(
            {
                "text": f"{name} is uninstalled; {removed.data} {fate}.",
                "undo": url_for("removals.restore", removal_id=removed.removal_id),
            },  # type: ignore[arg-type]  # a message may be any data: see ui/toasts.html
            "success",
        )
        if removed.warning:
            flash(f"Its own clean-up failed or was not run: {removed.warning}", "error")
        return redirect(url_for("installed.index"))


def _uninstall_page(life: LifeCycle, extension_id: str, **context: Any) -> str:
    plan = life.preview(current_actor(), extension_id, action="uninstall")
    return installation_page(
        life,
        extension_id,
        "uninstall",
        **shown(plan),
        days=UNDO_DAYS,
        data=request.form.get("data"),
        **context,
    )


def _panel(contributions: Contributions, extension_id: str) -> Drawn | None:
    """Ask for what stands beside the settings; an extension that is paused has nothing there."""
    panel = contributions.settings_panel(current_actor(), extension_id)
    if panel is None:
        return None
    return panel, action_url(panel, Place(panel.id, settings_of=extension_id))


def _settings_page(
    life: LifeCycle, extension_id: str, fields: list[FormField], panel: Drawn | None
) -> str:
    # What an integration needs to sign in is given for each connection, and asked for once.
    connects = life.inventory.manifest(current_actor(), extension_id).is_integration
    wrong = [
        {"id": f"field-{one.name}", "message": f"{one.label}: {one.error}"}
        for one in fields
        if one.error
    ]
    return installation_page(
        life,
        extension_id,
        "settings",
        fields=[] if connects else fields,
        connects=connects,
        wrong=wrong,
        panel=panel,
    )


def _overview(life: LifeCycle, extension_id: str, trust_error: str | None = None) -> str:
    manifest = life.inventory.manifest(current_actor(), extension_id)
    return installation_page(
        life,
        extension_id,
        "overview",
        manifest=manifest,
        additions=list(additions(manifest)),
        trust_error=trust_error,
        trust_words=TRUST_WORDS,
    )


def installation_page(life: LifeCycle, extension_id: str, tab: str, **context: Any) -> str:
    """Draw one page of an installation, within its head and tabs. Raises NotInstalled."""
    found = life.get(current_actor(), extension_id)
    shown = {
        **found,
        "pill": pill(found),
        "standing": life.upgrades.standings(current_actor()).get(extension_id),
        "isolation_words": ISOLATION_WORDS[found["isolation"]],
        "layers": layers(found["level"]),
    }
    return _page(tab, installation=shown, tab=tab, **context)


def _page(name: str, **context: Any) -> str:
    can_manage = current_actor().allows(MANAGE)
    return render(f"runtime/{name}.html", can_manage=can_manage, **context)


def _say(change: Change, text: str) -> None:
    live = "." if change.live else "; some workers are still catching up."
    flash(f"{text}{live}", "success")


def _back(extension_id: str) -> Response:
    if request.form.get("back") == "list":
        return redirect(url_for("installed.index"))
    return redirect(url_for("installed.overview", extension_id=extension_id))
