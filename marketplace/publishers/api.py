"""Publishers for programs: /api/publishers."""

from collections.abc import Sequence
from typing import Any, Protocol

from flask import Blueprint, Response

from geminicrm.api.http import no_content, respond
from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.clock import format_instant
from geminicrm.runtime.bodies import read_body
from marketplace.publishers.access import OPERATE, PUBLISH
from marketplace.publishers.bodies import (
    ChangeBody,
    KeyBody,
    MemberBody,
    ProfileBody,
    TokenBody,
    TransferBody,
    VerifiedBody,
)
from marketplace.publishers.schemas import Profile
from marketplace.publishers.service import Publishers
from marketplace.publishers.tokens import TokenWish


class _Shown(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


def blueprint(publishers: Publishers) -> Blueprint:
    """Serve one's own publishers and what belongs to them."""
    api = Blueprint("publishers_api", __name__, url_prefix="/api/publishers")
    _add_publishers(api, publishers)
    _add_members(api, publishers)
    _add_keys(api, publishers)
    _add_tokens(api, publishers)
    _add_operations(api, publishers)
    return api


def _add_publishers(api: Blueprint, publishers: Publishers) -> None:
    @api.get("")
    def mine() -> Response:
        return _list(publishers.mine(current_actor()))

    @api.post("")
    @needs(PUBLISH)
    def sign_up() -> Response:
        body = read_body(ProfileBody)
        made = publishers.sign_up(current_actor(), Profile(**body.model_dump()))
        return respond(made.to_dict(), 201, {"Location": f"/api/publishers/{made.slug}"})

    @api.get("/<slug>")
    def get(slug: str) -> Response:
        return respond(publishers.get(current_actor(), slug).to_dict())

    @api.patch("/<slug>")
    @needs(PUBLISH)
    def change(slug: str) -> Response:
        body = read_body(ChangeBody)
        changed = publishers.change(current_actor(), slug, body.name, body.homepage)
        return respond(changed.to_dict())


def _add_members(api: Blueprint, publishers: Publishers) -> None:
    @api.get("/<slug>/members")
    @needs(PUBLISH)
    def members(slug: str) -> Response:
        return _list(publishers.members.list(current_actor(), slug))

    @api.post("/<slug>/members")
    @needs(PUBLISH)
    def add_member(slug: str) -> Response:
        body = read_body(MemberBody)
        added = publishers.members.add(current_actor(), slug, body.email, body.role)
        return respond(added.to_dict(), 201)

    @api.delete("/<slug>/members/<user_id>")
    @needs(PUBLISH)
    def remove_member(slug: str, user_id: str) -> Response:
        publishers.members.remove(current_actor(), slug, user_id)
        return no_content()


def _add_keys(api: Blueprint, publishers: Publishers) -> None:
    @api.get("/<slug>/keys")
    @needs(PUBLISH)
    def keys(slug: str) -> Response:
        return _list(publishers.keys.list(current_actor(), slug))

    @api.post("/<slug>/keys")
    @needs(PUBLISH)
    def add_key(slug: str) -> Response:
        body = read_body(KeyBody)
        added = publishers.keys.add(current_actor(), slug, body.name, body.public)
        return respond(added.to_dict(), 201)

    @api.delete("/<slug>/keys/<key_id>")
    @needs(PUBLISH)
    def revoke_key(slug: str, key_id: str) -> Response:
        return respond(publishers.keys.revoke(current_actor(), slug, key_id).to_dict())


def _add_tokens(api: Blueprint, publishers: Publishers) -> None:
    @api.get("/<slug>/tokens")
    @needs(PUBLISH)
    def tokens(slug: str) -> Response:
        return _list(publishers.tokens.list(current_actor(), slug))

    @api.post("/<slug>/tokens")
    @needs(PUBLISH)
    def add_token(slug: str) -> Response:
        body = read_body(TokenBody)
        made = publishers.tokens.create(current_actor(), slug, TokenWish(**body.model_dump()))
        ends = format_instant(made.expires_at) if made.expires_at else None
        return respond({"id": made.id, "token": made.secret, "expires_at": ends}, 201)

    @api.delete("/<slug>/tokens/<token_id>")
    @needs(PUBLISH)
    def revoke_token(slug: str, token_id: str) -> Response:
        publishers.tokens.revoke(current_actor(), slug, token_id)
        return no_content()


def _add_operations(api: Blueprint, publishers: Publishers) -> None:
    @api.put("/<slug>/verified")
    @needs(OPERATE)
    def verify(slug: str) -> Response:
        body = read_body(VerifiedBody)
        publishers.operations.verify(current_actor(), slug, verified=body.verified)
        return respond(publishers.get(current_actor(), slug).to_dict())

    @api.post("/<slug>/extensions")
    @needs(OPERATE)
    def transfer(slug: str) -> Response:
        body = read_body(TransferBody)
        publishers.operations.transfer(current_actor(), body.extension_id, slug)
        return respond(publishers.get(current_actor(), slug).to_dict())


def _list(found: Sequence[_Shown]) -> Response:
    return respond({"data": [one.to_dict() for one in found], "next_cursor": None})
