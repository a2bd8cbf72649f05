"""Moderation for people who operate the installation: the queue, one version, orders, warnings."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, ValidationFailed
from geminicrm.runtime.plan_lines import ScopeLine
from geminicrm.web.pages import render
from marketplace.moderation.access import OPERATE
from marketplace.moderation.advisories import SEVERITIES, Warn
from marketplace.moderation.service import Moderation
from marketplace.prose import to_html

ROOT = "/moderation"
_CASE = f"{ROOT}/versions/<extension_id>/<version>"
_DONE = {
    "approve": "is listed now",
    "reject": "is rejected; its publisher reads why",
    "quarantine": "is taken out; installations of it run on",
    "release": "is listed again",
    "yank": "is yanked",
    "unyank": "is offered again",
}


def blueprint(moderation: Moderation) -> Blueprint:
    """Serve /moderation and below."""
    pages = Blueprint("moderation", __name__, template_folder="../templates")
    _looking(pages, moderation)
    _deciding(pages, moderation)
    _ordering(pages, moderation)
    _warning(pages, moderation)

    @pages.app_context_processor
    def words() -> dict[str, object]:
        """Let the marketplace's own pages show the advisories of an extension."""
        return {"advisories_of": lambda name: moderation.advisories.of(current_actor(), name)}

    return pages


def _looking(pages: Blueprint, moderation: Moderation) -> None:
    @pages.get(ROOT)
    @needs(OPERATE)
    def index() -> str:
        return _index(moderation)

    @pages.get(_CASE)
    @needs(OPERATE)
    def case(extension_id: str, version: str) -> str:
        return _case(moderation, extension_id, version)


def _deciding(pages: Blueprint, moderation: Moderation) -> None:
    decisions = moderation.decisions

    @pages.post(f"{_CASE}/<any(approve, release, unyank):decision>")
    @needs(OPERATE)
    def decide(extension_id: str, version: str, decision: str) -> Response:
        getattr(decisions, decision)(current_actor(), extension_id, version)
        return _decided(extension_id, version, decision)

    @pages.post(f"{_CASE}/<any(reject, quarantine, yank):decision>")
    @needs(OPERATE)
    def give_reason(extension_id: str, version: str, decision: str) -> Response | tuple[str, int]:
        reason = request.form.get("reason", "")
        try:
            getattr(decisions, decision)(current_actor(), extension_id, version, reason)
        except ValidationFailed as error:
            wrong = {decision: error.findings[0].message}
            return _case(moderation, extension_id, version, wrong), error.status
        return _decided(extension_id, version, decision)


def _ordering(pages: Blueprint, moderation: Moderation) -> None:
    @pages.post(f"{ROOT}/kills")
    @needs(OPERATE)
    def kill() -> Response | tuple[str, int]:
        form = request.form
        order = partial(
            moderation.kills.give,
            current_actor(),
            form.get("extension_id", ""),
            form.get("affected", ""),
            form.get("reason", ""),
        )
        return _submitted(
            moderation,
            "kill",
            lambda: f"The order is given; {order().stopped} installations are stopped here.",
        )

    @pages.post(f"{ROOT}/kills/<order_id>/lift")
    @needs(OPERATE)
    def lift(order_id: str) -> Response:
        lifted = moderation.kills.lift(current_actor(), order_id)
        flash(f"The order is lifted. Admins can switch {lifted.extension_id} on again.", "success")
        return redirect(ROOT, code=303)


def _warning(pages: Blueprint, moderation: Moderation) -> None:
    @pages.post(f"{ROOT}/advisories")
    @needs(OPERATE)
    def advise() -> Response | tuple[str, int]:
        form = request.form
        warn = Warn(
            affected=form.get("affected", ""),
            severity=form.get("severity", ""),
            title=form.get("title", ""),
            body=form.get("body", ""),
            fixed_in=form.get("fixed_in", "").strip() or None,
        )
        make = partial(
            moderation.advisories.make, current_actor(), form.get("extension_id", "").strip(), warn
        )
        return _submitted(
            moderation, "advisory", lambda: f"The advisory about {make().extension_id} is out."
        )

    @pages.post(f"{ROOT}/advisories/<advisory_id>/withdraw")
    @needs(OPERATE)
    def withdraw(advisory_id: str) -> Response:
        moderation.advisories.withdraw(current_actor(), advisory_id)
        flash("The advisory is withdrawn.", "success")
        return redirect(ROOT, code=303)


def _submitted(
    moderation: Moderation, form: str, act: Callable[[], str]
) -> Response | tuple[str, int]:
    """Do what a form of the first page asks; what is wrong is shown beside what was typed."""
    try:
        flash(act(), "success")
    except ValidationFailed as error:
        wrong = {found.pointer.removeprefix("/"): found.message for found in error.findings}
        return _index(moderation, form, wrong), error.status
    except AppError as error:
        return _index(moderation, form, {"extension_id": error.detail}), error.status
    return redirect(ROOT, code=303)


def _index(moderation: Moderation, form: str = "", wrong: Mapping[str, str] | None = None) -> str:
    actor = current_actor()
    return render(
        "moderation/index.html",
        waiting=moderation.queue.waiting(actor),
        withheld=moderation.queue.withheld(actor),
        kills=moderation.kills.every(actor),
        advisories=moderation.advisories.of(actor),
        severities=[{"value": one, "label": one.capitalize()} for one in SEVERITIES],
        wrong={form: wrong or {}},
        sent={form: request.form},
    )


def _case(
    moderation: Moderation,
    extension_id: str,
    version: str,
    wrong: Mapping[str, str] | None = None,
) -> str:
    case = moderation.queue.look(current_actor(), extension_id, version)
    return render(
        "moderation/case.html",
        case=case,
        one=case.version,
        scopes=_named(case.scopes),
        optional_scopes=_named(case.optional_scopes),
        readme=to_html(case.readme, case.version.name),
        wrong=wrong or {},
        reason=request.form.get("reason", ""),
    )


def _named(lines: Iterable[ScopeLine]) -> list[dict[str, Any]]:
    return [{**asdict(line), "name": line.scope} for line in lines]


def _decided(extension_id: str, version: str, decision: str) -> Response:
    flash(f"{extension_id} {version} {_DONE[decision]}.", "success")
    return redirect(f"{ROOT}/versions/{extension_id}/{version}", code=303)
