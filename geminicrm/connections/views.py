"""The pages of integrations: what is installed and connected, and connecting something new."""

from functools import partial
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from geminicrm.connections import activity
from geminicrm.connections.assembly import Connections
from geminicrm.connections.book import (
    ENVIRONMENTS,
    MANAGE,
    OWN,
    READ,
    ConnectionBook,
    NewConnection,
)
from geminicrm.connections.form import Filled, fields_of, inputs, read
from geminicrm.connections.listing import every
from geminicrm.connections.services import Service
from geminicrm.connections.shapes import Shaper
from geminicrm.connections.syncing import facts_of
from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.errors import Finding, NotFound, ValidationFailed
from geminicrm.kernel.work import Work
from geminicrm.web.pages import render

Page = Response | AnyResponse | str | tuple[str, int]


def blueprint(connections: Connections) -> Blueprint:
    """Serve /integrations and /integrations/new."""
    pages = Blueprint(
        "integrations", __name__, template_folder="templates", url_prefix="/integrations"
    )
    book = connections.book
    form = partial(_form, connections)

    @pages.get("")
    @needs(READ)
    def index() -> str:
        with reading() as work:
            board = _board(connections, work)
        return render(
            "integrations/list.html", board=board, mixed=_mixed(board), can_connect=_can_connect()
        )

    @pages.get("/new/<service_id>")
    @needs(READ)
    def new(service_id: str) -> str:
        service = _service(book, service_id)
        way = service.way(request.args.get("way", ""))
        return form(service, way.id, Filled(config={}, sources={}, hints={}), {})

    @pages.post("/new/<service_id>")
    @needs(READ)
    def create(service_id: str) -> Page:
        service = _service(book, service_id)
        given = request.form
        way = service.way(given.get("way", ""))
        config, _ = read(fields_of(service, way), given)
        wanted = NewConnection(
            service=service_id,
            config=config,
            name=given.get("name", "").strip(),
            way=way.id,
            environment=given.get("environment", "live"),
            owner_id=current_actor().user_id if given.get("owner") == "me" else None,
        )
        try:
            with writing() as work:
                connection_id = book.create(work, wanted).id
        except ValidationFailed as error:
            filled = Filled(config=config, sources={}, hints={}, findings=error.findings)
            return form(service, way.id, filled, given), error.status
        flash("It is connected. Test it now.", "success")
        return redirect(url_for("integration.one", connection_id=connection_id))

    return pages


def wrong_of(findings: tuple[Finding, ...]) -> list[dict[str, str | None]]:
    """Give mistakes as the summary above a form has them."""
    return [
        {
            "id": "field-" + one.pointer.replace("/config/", "setting-").strip("/"),
            "message": one.message,
        }
        for one in findings
    ]


def _board(connections: Connections, work: Work) -> list[dict[str, Any]]:
    """Give each installed integration with its connections that the reader may see."""
    shaper = Shaper(connections.book, work.workspace_id, work.now)
    rows = every(work)
    syncs = facts_of(work, connections.syncs, [row.id for row in rows])
    return [
        {
            "service": service,
            "connections": [
                {
                    **shaper.shape(row),
                    "usage": activity.usage(work, row, service),
                    "syncs": syncs[row.id],
                    "signs_in": service.way(row.way).type == "oauth2",
                }
                for row in rows
                if row.extension_id == service.extension_id
            ],
        }
        for service in shaper.services.values()
    ]


def _mixed(board: list[dict[str, Any]]) -> list[str]:
    """Name the capabilities that live and test connections in use would serve."""
    kinds: dict[str, set[str]] = {}
    for one in board:
        active = {found["environment"] for found in one["connections"] if found["is_active"]}
        for name in one["service"].provides:
            kinds.setdefault(name, set()).update(active)
    return sorted(name for name, found in kinds.items() if len(found) > 1)


def _service(book: ConnectionBook, service_id: str) -> Service:
    service = book.services.find(current_actor().workspace_id, service_id)
    if service is None:
        raise NotFound("integration", service_id)
    return service


def _can_connect() -> bool:
    actor = current_actor()
    return actor.allows(MANAGE) or actor.allows(OWN)


def _form(
    connections: Connections, service: Service, way_id: str, filled: Filled, given: Any
) -> str:
    beneath = connections.book.beneath(service)
    shown = Filled(
        config={**beneath.values.plain, **filled.config},
        sources=beneath.sources,
        hints={},
        findings=filled.findings,
    )
    actor = current_actor()
    owners = [("workspace", "The workspace", MANAGE), ("me", "Only me", OWN)]
    return render(
        "integrations/new.html",
        service=service,
        way=service.way(way_id),
        addresses=connections.reachability.addresses(service, service.way(way_id)),
        fields=inputs(service, service.way(way_id), shown),
        given=given,
        wrong=wrong_of(filled.findings),
        owners=[{"value": v, "label": text} for v, text, scope in owners if actor.allows(scope)],
        environments=[{"value": one, "label": one.title()} for one in ENVIRONMENTS],
    )
