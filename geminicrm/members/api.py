"""/api/members and /api/invitations for programs."""

from flask import Blueprint, Response

from geminicrm.api.http import json_body, no_content, respond
from geminicrm.identity.guards import needs, reading, writing
from geminicrm.members.assembly import Members
from geminicrm.members.invitations import invite, open_invitations, resend, revoke
from geminicrm.members.people import (
    MANAGE,
    READ,
    change_role,
    find_member,
    members,
    remove_member,
)
from geminicrm.members.shapes import invitation_shape, member_shape, read_invitation, read_role

_CREATED = 201


def blueprint(room: Members) -> Blueprint:
    """Serve members: list, read, change, remove; invitations: list, make, send again, take back."""
    api = Blueprint("members_api", __name__, url_prefix="/api")
    _serve_members(api, room)
    _serve_invitations(api, room)
    return api


def _serve_members(api: Blueprint, room: Members) -> None:
    @api.get("/members")
    @needs(READ)
    def list_all() -> Response:
        with reading() as work:
            found = [member_shape(one) for one in members(work)]
        return respond({"data": found, "next_cursor": None})

    @api.get("/members/<user_id>")
    @needs(READ)
    def read_one(user_id: str) -> Response:
        with reading() as work:
            return respond(member_shape(find_member(work, user_id)))

    @api.patch("/members/<user_id>")
    @needs(MANAGE)
    def change(user_id: str) -> Response:
        role = read_role(json_body())
        with writing() as work:
            return respond(member_shape(change_role(work, room.generations, user_id, role)))

    @api.delete("/members/<user_id>")
    @needs(MANAGE)
    def remove(user_id: str) -> Response:
        with writing() as work:
            remove_member(work, room.generations, room.leaving, user_id)
        return no_content()


def _serve_invitations(api: Blueprint, room: Members) -> None:
    @api.get("/invitations")
    @needs(MANAGE)
    def list_open() -> Response:
        with reading() as work:
            found = [invitation_shape(row) for row in open_invitations(work)]
        return respond({"data": found, "next_cursor": None})

    @api.post("/invitations")
    @needs(MANAGE)
    def make() -> Response:
        new = read_invitation(json_body())
        with writing() as work:
            return respond(invitation_shape(invite(work, room.mails, new)), _CREATED)

    @api.post("/invitations/<invitation_id>/resend")
    @needs(MANAGE)
    def again(invitation_id: str) -> Response:
        with writing() as work:
            return respond(invitation_shape(resend(work, room.mails, invitation_id)))

    @api.delete("/invitations/<invitation_id>")
    @needs(MANAGE)
    def take_back(invitation_id: str) -> Response:
        with writing() as work:
            revoke(work, invitation_id)
        return no_content()
