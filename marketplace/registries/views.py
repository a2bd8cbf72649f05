"""The registries of this CRM for operators: /operations/registries."""

from typing import Any

from flask import Blueprint, flash, redirect, request
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError, ValidationFailed
from geminicrm.web.pages import render
from marketplace.registries.errors import KeyNotPinned
from marketplace.registries.service import OPERATE, Registries, Wish

Page = Response | str | tuple[str, int]
_PLACE = "/operations/registries"


def blueprint(registries: Registries) -> Blueprint:
    """Serve the pages."""
    pages = Blueprint("registries", __name__, template_folder="../templates", url_prefix=_PLACE)
    _add_looking(pages, registries)
    _add_changing(pages, registries)
    return pages


def _add_looking(pages: Blueprint, registries: Registries) -> None:
    @pages.get("")
    @needs(OPERATE)
    def index() -> Page:
        found = registries.list(current_actor())
        return render("registries/list.html", registries=found)

    @pages.get("/add")
    @needs(OPERATE)
    def form() -> Page:
        return _form({})

    @pages.post("")
    @needs(OPERATE)
    def add() -> Page:
        given = {name: request.form.get(name, "").strip() for name in ("name", "url", "key")}
        token = request.form.get("token", "").strip()
        wish = Wish(
            name=given["name"],
            url=given["url"].rstrip("/"),
            key=given["key"].lower() or None,
            token=token or None,
        )
        try:
            made = registries.add(current_actor(), wish)
        except KeyNotPinned as error:
            return _form(given, shown=error.fingerprints), error.status
        except AppError as error:
            return _form(given, error=error), error.status
        return _back(f"{made['name']} is a registry of this CRM now.")


def _add_changing(pages: Blueprint, registries: Registries) -> None:
    @pages.post("/<name>/<any(enable, disable):what>")
    @needs(OPERATE)
    def switch(name: str, what: str) -> Page:
        made = registries.change(current_actor(), name, enabled=what == "enable")
        return _back(f"{made['name']} is switched {'on' if made['enabled'] else 'off'}.")

    @pages.post("/<name>/<any(up, down):what>")
    @needs(OPERATE)
    def move(name: str, what: str) -> Page:
        actor = current_actor()
        order = [one["id"] for one in registries.list(actor)]
        place = order.index(registries.get(actor, name)["id"])
        registries.change(actor, name, position=max(0, place + (1 if what == "down" else -1)))
        return _back("The order is changed.")

    @pages.post("/<name>/refresh")
    @needs(OPERATE)
    def refresh(name: str) -> Page:
        try:
            made = registries.refresh(current_actor(), name)
        except AppError as error:
            flash(error.detail, "danger")
            return redirect(_PLACE, code=303)
        return _back(f"{made['name']} was asked just now.")

    @pages.get("/<name>/remove")
    @needs(OPERATE)
    def leaving(name: str) -> Page:
        return render("registries/remove.html", one=registries.get(current_actor(), name))

    @pages.post("/<name>/remove")
    @needs(OPERATE)
    def remove(name: str) -> Page:
        registries.remove(current_actor(), name, force=request.form.get("force") == "yes")
        return _back(f"{name} is removed.")


def _form(given: dict[str, str], error: AppError | None = None, shown: tuple[str, ...] = ()) -> str:
    findings = error.findings if isinstance(error, ValidationFailed) else ()
    fields = {one.pointer.removeprefix("/"): one.message for one in findings}
    context: dict[str, Any] = {"given": given, "shown": shown, "fields": fields}
    return render("registries/add.html", wrong=None if findings else error, **context)


def _back(message: str) -> Response:
    flash(message, "success")
    return redirect(_PLACE, code=303)
