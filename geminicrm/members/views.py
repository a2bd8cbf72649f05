"""The page of members: who is here with which role, who is invited."""

from collections.abc import Callable, Mapping

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import current_actor, needs, reading, writing
from geminicrm.kernel.errors import Conflict, Forbidden, ValidationFailed
from geminicrm.kernel.work import Work
from geminicrm.mail.models import OutgoingMail
from geminicrm.mail.sealing import may_show
from geminicrm.members.assembly import Members
from geminicrm.members.invitations import (
    NewInvitation,
    invite,
    open_invitations,
    resend,
    revoke,
)
from geminicrm.members.models import Invitation
from geminicrm.members.people import MANAGE, READ, change_role, members, remove_member
from geminicrm.members.roles import RANKS, rank_of, roles_given_by
from geminicrm.web.pages import render

Page = Response | str | tuple[str, int]
_REFUSED = (Conflict, Forbidden, ValidationFailed)


def blueprint(room: Members) -> Blueprint:
    """Serve /members."""
    pages = Blueprint("members", __name__, template_folder="templates", url_prefix="/members")
    _serve_members(pages, room)
    _serve_invitations(pages, room)
    return pages


def _serve_members(pages: Blueprint, room: Members) -> None:
    @pages.get("")
    @needs(READ)
    def index() -> str:
        return _page()

    @pages.post("/<user_id>/role")
    @needs(MANAGE)
    def role(user_id: str) -> Response:
        wanted = request.form.get("role", "")
        return _done(
            lambda work: change_role(work, room.generations, user_id, wanted),
            "The role is changed, and holds from now on.",
        )

    @pages.post("/<user_id>/remove")
    @needs(MANAGE)
    def remove(user_id: str) -> Response:
        return _done(
            lambda work: remove_member(work, room.generations, room.leaving, user_id),
            "They are no member any more. Their sessions, tokens and connections here have ended.",
        )


def _serve_invitations(pages: Blueprint, room: Members) -> None:
    @pages.post("/invitations")
    @needs(MANAGE)
    def create() -> Page:
        given = {name: request.form.get(name, "") for name in ("email", "first_name", "role")}
        try:
            with writing() as work:
                invite(work, room.mails, NewInvitation(**given))
        except ValidationFailed as error:
            wrong = {one.pointer.strip("/"): one.message for one in error.findings}
            return _page(given, wrong), error.status
        except (Conflict, Forbidden) as error:
            return _page(given, {"email": error.detail}), error.status
        flash("The invitation is on its way.", "success")
        return redirect(url_for("members.index"), 303)

    @pages.post("/invitations/<invitation_id>/resend")
    @needs(MANAGE)
    def again(invitation_id: str) -> Response:
        return _done(
            lambda work: resend(work, room.mails, invitation_id),
            "The invitation is sent again with a new link. The old one holds no more.",
        )

    @pages.post("/invitations/<invitation_id>/revoke")
    @needs(MANAGE)
    def take_back(invitation_id: str) -> Response:
        return _done(
            lambda work: revoke(work, invitation_id),
            "The invitation is taken back. Its link holds no more.",
        )


def _done(do: Callable[[Work], object], said: str) -> Response:
    try:
        with writing() as work:
            do(work)
        flash(said, "success")
    except _REFUSED as error:
        flash(error.detail, "error")
    return redirect(url_for("members.index"), 303)


def _page(values: Mapping[str, str] | None = None, wrong: Mapping[str, str] | None = None) -> str:
    actor = current_actor()
    manages = actor.allows(MANAGE)
    with reading() as work:
        found = members(work)
        invited = open_invitations(work) if manages else []
        shown = {row.id for row in invited if _may_show(work, row)}
        now = work.now
    return render(
        "members/list.html",
        members=found,
        invited=invited,
        shown=shown,
        now=now,
        manages=manages,
        me=actor.user_id,
        own_rank=rank_of(actor),
        ranks=RANKS,
        roles=[{"value": role, "label": role} for role in roles_given_by(actor)],
        values=values or {"role": "member"},
        wrong=wrong or {},
    )


def _may_show(work: Work, row: Invitation) -> bool:
    mail = work.session.get(OutgoingMail, row.mail_id) if row.mail_id else None
    return mail is not None and may_show(work.actor, mail)
