"""The pages of one connection: its values, its test, its log, its tools, its end."""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Blueprint, flash, redirect, request, url_for

from geminicrm.connections import activity, debugging
from geminicrm.connections.assembly import Connections
from geminicrm.connections.book import MANAGE, OWN, READ, Changes
from geminicrm.connections.exploring import Shown
from geminicrm.connections.form import Filled, fields_of, inputs, read
from geminicrm.connections.sections import Section
from geminicrm.connections.shapes import Shaper
from geminicrm.connections.syncing import facts_of
from geminicrm.connections.testing import Tested
from geminicrm.connections.views import Page, wrong_of
from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.errors import Finding, Forbidden, ValidationFailed
from geminicrm.web.pages import render


def blueprint(connections: Connections, sections: Sequence[Section] = ()) -> Blueprint:
    """Serve /integrations/<id>."""
    pages = Blueprint(
        "integration", __name__, template_folder="templates", url_prefix="/integrations"
    )

    @pages.context_processor
    def more() -> dict[str, Any]:
        return {"sections": sections}

    _serve_page(pages, connections)
    _serve_acts(pages, connections)
    _serve_tools(pages, connections)
    return pages


def _serve_page(pages: Blueprint, connections: Connections) -> None:
    @pages.get("/<connection_id>")
    @needs(READ)
    def one(connection_id: str) -> str:
        return render("integrations/overview.html", **_found(connections, connection_id))

    @pages.post("/<connection_id>")
    @needs(READ)
    def save(connection_id: str) -> Page:
        found = _found(connections, connection_id)
        config, clear = read(fields_of(found["service"], found["way"]), request.form)
        changes = Changes(
            config=config,
            clear=clear,
            name=request.form.get("name", ""),
            active=request.form.get("is_active") == "true",
        )
        try:
            with writing() as work:
                connections.book.change(work, connection_id, changes)
        except ValidationFailed as error:
            again = _found(connections, connection_id, config, error.findings)
            return render("integrations/overview.html", **again), error.status
        flash("Saved. Test it now.", "success")
        return redirect(url_for("integration.one", connection_id=connection_id))

    @pages.get("/<connection_id>/activity")
    @needs(READ)
    def log(connection_id: str) -> str:
        question = activity.Question.parse(request.args)
        with reading() as work:
            row = connections.book.get(work, connection_id)
            calls, cursor = activity.calls(work, row, question)
            names = activity.operations(work, row)
        return render(
            "integrations/activity.html",
            **_found(connections, connection_id, tab="activity"),
            calls=calls,
            next_cursor=cursor,
            question=question,
            operations=names,
            outcomes=activity.OUTCOMES,
            hours=activity.HOURS,
        )


def _serve_acts(pages: Blueprint, connections: Connections) -> None:
    @pages.post("/<connection_id>/test")
    @needs(READ)
    def test(connection_id: str) -> Page:
        tested = connections.testing.run(current_actor(), connection_id)
        found = _found(connections, connection_id, tested=tested)
        return render("integrations/overview.html", **found)

    @pages.post("/<connection_id>/reach")
    @needs(READ)
    def reach(connection_id: str) -> Page:
        found = _found(connections, connection_id)
        if not found["can_change"]:
            raise Forbidden("Who can't change a connection can't have its addresses tried.")
        stages = [connections.reachability.stage(one) for one in found["addresses"]]
        return render("integrations/overview.html", **found, reached=stages)

    @pages.post("/<connection_id>/debug")
    @needs(READ)
    def debug(connection_id: str) -> Page:
        on = request.form.get("on") == "true"
        with writing() as work:
            debugging.switch(connections.book, work, connection_id, on=on)
        text = "Each call is logged in full for an hour." if on else "The log is short again."
        flash(text, "success")
        return redirect(url_for("integration.one", connection_id=connection_id))

    @pages.post("/<connection_id>/disconnect")
    @needs(READ)
    def disconnect(connection_id: str) -> Page:
        warnings = connections.ending.end(current_actor(), connection_id)
        flash(" ".join(["It is disconnected.", *warnings]), "warning" if warnings else "success")
        return redirect(url_for("integrations.index"))


def _serve_tools(pages: Blueprint, connections: Connections) -> None:
    def shown(connection_id: str, answer: Shown | None = None, wrong: str = "") -> str:
        exploring = connections.exploring
        found = _found(connections, connection_id, tab="tools")
        running = found["service"].enabled and found["can_change"]
        names = exploring.operations(current_actor(), connection_id) if running else ()
        return render(
            "integrations/tools.html",
            **found,
            answer=answer,
            refused=wrong,
            operations=names,
            given=request.form,
        )

    @pages.get("/<connection_id>/tools")
    @needs(READ)
    def tools(connection_id: str) -> str:
        return shown(connection_id)

    @pages.post("/<connection_id>/tools")
    @needs(READ)
    def ask(connection_id: str) -> Page:
        try:
            return shown(connection_id, _asked(connections, connection_id))
        except ValidationFailed as error:
            return shown(connection_id, wrong=error.findings[0].message), error.status


def _asked(connections: Connections, connection_id: str) -> Shown:
    given, actor = request.form, current_actor()
    if given.get("operation"):
        arguments = _arguments(given.get("arguments", "").strip() or "{}")
        return connections.exploring.read(actor, connection_id, given["operation"], arguments)
    return connections.exploring.get(actor, connection_id, given.get("place", "").strip())


def _arguments(text: str) -> dict[str, object]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValidationFailed([Finding("/arguments", "no_json", f"No JSON: {error}.")]) from None
    if not isinstance(found, dict):
        message = "Write an object: the arguments by name."
        raise ValidationFailed([Finding("/arguments", "not_an_object", message)])
    return found


def _found(
    connections: Connections,
    connection_id: str,
    sent: dict[str, Any] | None = None,
    findings: tuple[Finding, ...] = (),
    tested: Tested | None = None,
    tab: str = "overview",
) -> dict[str, Any]:
    book, actor = connections.book, current_actor()
    with reading() as work:
        row = book.get(work, connection_id)
        shape = Shaper(book, work.workspace_id, work.now).shape(row)
        service = book.service_of(work, row)
        usage = activity.usage(work, row, service)
        figures = [activity.figures(work, row, days) for days in (1, 7)]
        syncs = facts_of(work, connections.syncs, [row.id])[row.id]
    way = service.way(row.way)
    mine = row.owner_id is not None and row.owner_id == actor.user_id
    filled = Filled(
        config={**shape["config"], **(sent or {})},
        sources=shape["sources"],
        hints=shape["hints"],
        findings=findings,
    )
    can_change = actor.allows(OWN) if mine else row.owner_id is None and actor.allows(MANAGE)
    asker = actor if can_change else None
    return {
        "connection": shape,
        "service": service,
        "way": way,
        "fields": inputs(service, way, filled),
        "wrong": wrong_of(findings),
        "tested": tested,
        "addresses": connections.reachability.addresses(service, way, asker, row.id),
        "usage": usage,
        "figures": figures,
        "syncs": syncs,
        "tab": tab,
        "mine": mine,
        "can_change": can_change,
        "can_end": actor.allows(MANAGE) or mine,
    }
