"""Moderation for programs: /api/moderation, yanks and advisories of an extension."""

from flask import Blueprint, Response, make_response

from geminicrm.api.http import respond
from geminicrm.identity.guards import current_actor
from geminicrm.runtime.bodies import read_body
from marketplace.moderation.advisories import Warn
from marketplace.moderation.bodies import AdvisoryBody, KillBody, ReasonBody
from marketplace.moderation.service import Moderation

_CREATED = 201


def blueprint(moderation: Moderation) -> Blueprint:
    """Serve the queue, decisions, kill orders, yanks and advisories."""
    api = Blueprint("moderation_api", __name__)
    _queue(api, moderation)
    _kills(api, moderation)
    _of_extension(api, moderation)
    return api


def _queue(api: Blueprint, moderation: Moderation) -> None:
    place = "/api/moderation/versions/<extension_id>/<version>"
    decisions = moderation.decisions

    @api.get("/api/moderation/queue")
    def queue() -> Response:
        waiting = moderation.queue.waiting(current_actor())
        return respond({"data": [one.to_dict() for one in waiting], "next_cursor": None})

    def shown(extension_id: str, version: str) -> Response:
        return respond(moderation.queue.look(current_actor(), extension_id, version).to_dict())

    @api.get(place)
    def look(extension_id: str, version: str) -> Response:
        return shown(extension_id, version)

    @api.post(f"{place}/approve")
    def approve(extension_id: str, version: str) -> Response:
        decisions.approve(current_actor(), extension_id, version)
        return shown(extension_id, version)

    @api.post(f"{place}/reject")
    def reject(extension_id: str, version: str) -> Response:
        decisions.reject(current_actor(), extension_id, version, read_body(ReasonBody).reason)
        return shown(extension_id, version)

    @api.post(f"{place}/quarantine")
    def quarantine(extension_id: str, version: str) -> Response:
        decisions.quarantine(current_actor(), extension_id, version, read_body(ReasonBody).reason)
        return shown(extension_id, version)

    @api.delete(f"{place}/quarantine")
    def release(extension_id: str, version: str) -> Response:
        decisions.release(current_actor(), extension_id, version)
        return shown(extension_id, version)


def _kills(api: Blueprint, moderation: Moderation) -> None:
    @api.get("/api/moderation/kills")
    def kills() -> Response:
        every = moderation.kills.every(current_actor())
        return respond({"data": [one.to_dict() for one in every], "next_cursor": None})

    @api.post("/api/moderation/kills")
    def kill() -> Response:
        body = read_body(KillBody)
        given = moderation.kills.give(
            current_actor(), body.extension_id, body.affected, body.reason
        )
        return respond(given.to_dict(), _CREATED)

    @api.delete("/api/moderation/kills/<order_id>")
    def lift(order_id: str) -> Response:
        return respond(moderation.kills.lift(current_actor(), order_id).to_dict())

    @api.get("/api/advisories")
    def affecting() -> Response:
        found = moderation.telling.affecting(current_actor())
        return respond({"data": [one.to_dict() for one in found], "next_cursor": None})


def _of_extension(api: Blueprint, moderation: Moderation) -> None:
    root = "/api/marketplace/extensions/<extension_id>"

    @api.post(f"{root}/versions/<version>/yank")
    def yank(extension_id: str, version: str) -> Response:
        reason = read_body(ReasonBody).reason
        moderation.decisions.yank(current_actor(), extension_id, version, reason)
        return respond({"id": extension_id, "version": version, "state": "yanked"})

    @api.delete(f"{root}/versions/<version>/yank")
    def unyank(extension_id: str, version: str) -> Response:
        moderation.decisions.unyank(current_actor(), extension_id, version)
        return respond({"id": extension_id, "version": version, "state": "listed"})

    @api.get(f"{root}/advisories")
    def advisories(extension_id: str) -> Response:
        found = moderation.advisories.of(current_actor(), extension_id)
        return respond({"data": [one.to_dict() for one in found], "next_cursor": None})

    @api.post(f"{root}/advisories")
    def advise(extension_id: str) -> Response:
        body = read_body(AdvisoryBody)
        warn = Warn(
            affected=body.affected,
            severity=body.severity,
            title=body.title,
            body=body.body,
            fixed_in=body.fixed_in,
        )
        made = moderation.advisories.make(current_actor(), extension_id, warn)
        return respond(made.to_dict(), _CREATED)

    @api.delete(f"{root}/advisories/<advisory_id>")
    def withdraw(extension_id: str, advisory_id: str) -> Response:
        moderation.advisories.withdraw(current_actor(), advisory_id, extension_id)
        return make_response("", 204)
