"""The page where an event is tried again: what there was, what would come of it."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, ScopeMissing
from geminicrm.runtime.dry_run import text_of
from geminicrm.runtime.inventory import MANAGE
from geminicrm.runtime.problems import NotInstalled
from geminicrm.runtime.replaying.replays import Replays
from geminicrm.runtime.service import LifeCycle
from geminicrm.runtime.views import Page, installation_page

# These have pages of their own.
_OTHERS = (NotInstalled, ScopeMissing)


def blueprint(life: LifeCycle, replays: Replays) -> Blueprint:
    """Serve /installed/<extension-id>/events."""
    pages = Blueprint("replays", __name__, url_prefix="/installed")
    _looking(pages, life, replays)
    _trying(pages, life, replays)
    return pages


def _looking(pages: Blueprint, life: LifeCycle, replays: Replays) -> None:
    @pages.get("/<extension_id>/events")
    @needs(MANAGE)
    def events(extension_id: str) -> Page:
        return _draw(life, replays, extension_id, event_id=request.args.get("event", ""))


def _trying(pages: Blueprint, life: LifeCycle, replays: Replays) -> None:
    @pages.post("/<extension_id>/events/dry-run")
    @needs(MANAGE)
    def dry_run(extension_id: str) -> Page:
        event_id, version = _event_id(), request.form.get("version") or None
        shown = {"event_id": event_id, "version": version}
        try:
            trial = replays.dry_run(current_actor(), extension_id, event_id, version)
        except _OTHERS:
            raise
        except AppError as error:
            return _draw(life, replays, extension_id, wrong=error.detail, **shown), error.status
        return _draw(life, replays, extension_id, trial=trial.to_dict(), **shown)

    @pages.post("/<extension_id>/events/again")
    @needs(MANAGE)
    def again(extension_id: str) -> Page:
        shown = {"event_id": _event_id()}
        try:
            queued = replays.again(current_actor(), extension_id, **shown)
        except _OTHERS:
            raise
        except AppError as error:
            return _draw(life, replays, extension_id, wrong=error.detail, **shown), error.status
        flash(f"{queued.event_id} is on its way again, as attempt {queued.attempt}.", "success")
        return redirect(url_for("replays.events", extension_id=extension_id))


def _event_id() -> str:
    return request.form.get("event_id", "").strip()


def _draw(life: LifeCycle, replays: Replays, extension_id: str, **context: Any) -> str:
    actor = current_actor()
    return installation_page(
        life,
        extension_id,
        "events",
        recent=replays.recent(actor, extension_id),
        versions=replays.versions(actor, extension_id),
        text_of=text_of,
        **context,
    )
