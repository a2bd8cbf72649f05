"""The consent page: what an extension would be able to do, and the way to allow it."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, ValidationFailed
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.enforcement import ISOLATION_WORDS, enforcements
from geminicrm.runtime.inventory import MANAGE
from geminicrm.runtime.plan import Plan, ScopeLine
from geminicrm.runtime.problems import (
    AlreadyInstalled,
    InstallFailed,
    NotInstalled,
    TrustRequired,
    trust_sentence,
)
from geminicrm.runtime.service import LifeCycle
from geminicrm.web.pages import render

Page = Response | str | tuple[str, int]
_HEADINGS = {
    "view": "View",
    "change": "Change",
    "send": "Send outside",
    "run": "Run in the background",
    "manage": "Manage",
}


def blueprint(life: LifeCycle) -> Blueprint:
    """Serve /marketplace/<extension-id>/install."""
    pages = Blueprint("consent", __name__, template_folder="templates")

    @pages.get("/marketplace/<extension_id>/install")
    @needs(MANAGE)
    def ask(extension_id: str) -> Page:
        if _is_installed(life, extension_id):
            return redirect(url_for("installed.overview", extension_id=extension_id))
        return _consent_page(life, extension_id)

    @pages.post("/marketplace/<extension_id>/install")
    @needs(MANAGE)
    def allow(extension_id: str) -> Page:
        try:
            change = life.install(current_actor(), _request(life, extension_id))
        except AlreadyInstalled as error:
            flash(error.detail, "info")
            return redirect(url_for("installed.overview", extension_id=extension_id))
        except TrustRequired:
            wrong = f"Type {extension_id} exactly to show that you trust this code."
            return _consent_page(life, extension_id, trust_error=wrong, status=422)
        except (InstallFailed, ValidationFailed) as error:
            return _consent_page(life, extension_id, failure=error, status=error.status)
        name = change.installation["name"]
        if change.installation["missing_settings"]:
            flash(f"{name} is installed. It needs a few settings before it can work.", "info")
            return redirect(url_for("installed.settings", extension_id=extension_id))
        flash(f"{name} is installed.", "success")
        return redirect(url_for("installed.index"))

    return pages


def groups(plan: Plan) -> list[dict[str, Any]]:
    """Give the permissions as people read them, by what they do."""
    lines = [_line(each) for each in plan.scopes]
    lines += [_host(host.host, host.setting, host.reason) for host in plan.network]
    lines += [_background(*each) for each in plan.background()]
    return [
        {"heading": heading, "scopes": [line for line in lines if line["group"] == group]}
        for group, heading in _HEADINGS.items()
        if any(line["group"] == group for line in lines)
    ]


def _request(life: LifeCycle, extension_id: str) -> InstallRequest:
    plan = _plan(life, extension_id)
    optional = {line.scope for line in plan.optional_scopes}
    chosen = [scope for scope in request.form.getlist("optional_scope") if scope in optional]
    return InstallRequest(
        extension_id=extension_id,
        # The version that was shown: a newer one may ask for more.
        version=request.form.get("version") or None,
        grant=[*(line.scope for line in plan.scopes), *chosen],
        trust=request.form.get("trust", "").strip(),
        allow_unsigned="allow_unsigned" in request.form,
    )


def _plan(life: LifeCycle, extension_id: str) -> Plan:
    version = request.values.get("version") or None
    return life.plan(current_actor(), extension_id, version, allow_unsigned=True)


def _consent_page(
    life: LifeCycle,
    extension_id: str,
    *,
    failure: AppError | None = None,
    trust_error: str | None = None,
    status: int = 200,
) -> Page:
    try:
        plan = _plan(life, extension_id)
    except InstallFailed as error:
        page = render("runtime/refused.html", failure=error, extension_id=extension_id)
        return page, error.status
    page = render(
        "runtime/consent.html",
        plan=plan,
        groups=groups(plan),
        optional=[_line(each) for each in plan.optional_scopes],
        needs_unsigned=not (plan.signed or plan.built_in or life.allow_unsigned),
        failure=failure,
        trust_error=trust_error,
        trust_sentence=trust_sentence(extension_id),
        isolation_words=ISOLATION_WORDS[plan.isolation],
        enforcement=enforcements(plan.isolation),
    )
    return page, status


def _line(line: ScopeLine) -> dict[str, Any]:
    checked = line.scope in request.form.getlist("optional_scope")
    return {**asdict(line), "name": line.scope, "checked": checked}


def _host(host: str | None, setting: str | None, reason: str) -> dict[str, Any]:
    where = host or f"the address in the setting {setting}"
    return {
        "name": f"network:{host or setting}",
        "sentence": f"Connect to {where}",
        "explanation": "What it may view here, it can send there.",
        "group": "send",
        "sensitive": True,
        "reason": reason,
    }


def _background(name: str, sentence: str, explanation: str) -> dict[str, Any]:
    return {
        "name": name,
        "sentence": sentence,
        "explanation": explanation,
        "group": "run",
        "sensitive": False,
        "reason": "",
    }


def _is_installed(life: LifeCycle, extension_id: str) -> bool:
    try:
        life.get(current_actor(), extension_id)
    except NotInstalled:
        return False
    return True
