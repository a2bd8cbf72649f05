"""The protocol that other installations read this registry by: /api/registry/v1."""

import hashlib
from collections.abc import Callable
from typing import Any, Final, TypeVar

import orjson
from flask import Blueprint, Response, g, request

from geminicrm.identity.guards import public
from geminicrm.kernel.paging import Page
from geminicrm.kernel.work import Actor
from marketplace.inspection import icon_type
from marketplace.registries.offering import Offering, Visitor
from marketplace.registries.wire import PREFIX, PROTOCOL
from marketplace.search import Query

View = TypeVar("View", bound=Callable[..., Response])
_SHORT: Final = 60
_YEAR: Final = 31_536_000
_GCX: Final = "application/octet-stream"
_ICON_POLICY: Final = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


def blueprint(offering: Offering, *, private: bool) -> Blueprint:
    """Serve the protocol: to anybody, or (`private`) to who has a token of this installation."""
    api = Blueprint("registry_protocol", __name__, url_prefix=PREFIX)
    door = _Door(api, private=private)
    _add_lists(door, offering)
    _add_versions(door, offering)
    return api


def _add_lists(door: "_Door", offering: Offering) -> None:
    @door.at("")
    def protocol() -> Response:
        return door.json({"protocol": PROTOCOL, "private": door.private})

    @door.at("/<any(keys, notices):name>")
    def document(name: str) -> Response:
        return door.json(offering.document(name))

    @door.at("/extensions")
    def search() -> Response:
        return door.json(offering.search(_actor(), _query()))

    @door.at("/extensions/<extension_id>")
    def extension(extension_id: str) -> Response:
        return door.json(offering.extension(_actor(), extension_id))

    @door.at("/extensions/<extension_id>/versions")
    def versions(extension_id: str) -> Response:
        return door.json(offering.versions(_actor(), extension_id))


def _add_versions(door: "_Door", offering: Offering) -> None:
    @door.at("/extensions/<extension_id>/versions/<version>/texts")
    def texts(extension_id: str, version: str) -> Response:
        return door.json(offering.texts(_actor(), extension_id, version))

    @door.at("/extensions/<extension_id>/versions/<version>/icon")
    def icon(extension_id: str, version: str) -> Response:
        content = offering.icon(_actor(), extension_id, version)
        response = door.bytes(content, icon_type(content), _SHORT)
        response.headers["Content-Security-Policy"] = _ICON_POLICY
        return response

    @door.at("/packages/<digest>")
    def package(digest: str) -> Response:
        return door.bytes(
            offering.package(_actor(), digest, whole="Range" not in request.headers), _GCX, _YEAR
        )


class _Door:
    """Answers that may be kept, and asked for again by their tag or in parts."""

    def __init__(self, api: Blueprint, *, private: bool) -> None:
        self.private = private
        self._api = api
        self._whose = "private" if private else "public"

    def at(self, rule: str) -> Callable[[View], View]:
        def add(view: View) -> View:
            return self._api.get(rule)(view if self.private else public(view))

        return add

    def json(self, payload: Any) -> Response:
        return self.bytes(orjson.dumps(payload), "application/json", _SHORT)

    def bytes(self, content: bytes, media_type: str, seconds: int) -> Response:
        response = Response(content, mimetype=media_type)
        response.headers["Cache-Control"] = f"{self._whose}, max-age={seconds}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.set_etag(hashlib.sha256(content).hexdigest())
        length = len(content)
        response.make_conditional(request.environ, accept_ranges=True, complete_length=length)
        return response


def _actor() -> Actor:
    return g.get("actor") or Visitor()


def _query() -> Query:
    args = request.args
    return Query(
        words=args.get("q", ""),
        category=args.get("category", ""),
        page=Page.parse(args.get("limit"), args.get("cursor")),
        sort=args.get("sort", Query().sort),
    )
