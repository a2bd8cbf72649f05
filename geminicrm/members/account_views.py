"""What the page of the account shows of this room, and the forms behind it."""

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.actor import PersonActor
from geminicrm.identity.guards import current_actor, current_works, writing
from geminicrm.identity.models import User
from geminicrm.identity.views import visitor_now
from geminicrm.kernel.errors import Conflict, Forbidden, TooManyRequests, ValidationFailed
from geminicrm.members.assembly import Members
from geminicrm.members.notice_mails import CHOICES, choose
from geminicrm.members.workspaces import switch, workspaces_of
from geminicrm.notifications.service import READERS
from geminicrm.web.pages import render

Page = Response | str | tuple[str, int]
_ACCOUNT = "identity.account"
_LABELS = {
    "all": "All notifications",
    "critical": "Critical ones only",
    "never": "None: the bell is enough",
}


def blueprint(room: Members) -> Blueprint:
    """Serve /account/password, /account/email, /account/notice-mails, /account/workspaces."""
    pages = Blueprint("own_account", __name__, template_folder="templates", url_prefix="/account")
    _serve_password(pages, room)
    _serve_address(pages, room)
    _serve_choices(pages, room)
    return pages


def card(actor: PersonActor) -> str:
    """Give the cards of this room on the page of the account; implements AccountCard."""
    with current_works().read(actor) as work:
        user = work.session.get_one(User, actor.user_id)
        own = {
            "email": user.email,
            "verified": user.email_verified_at is not None,
            "notice_mails": user.notice_mails,
        }
    return render(
        "members/account.html",
        own=own,
        workspaces=workspaces_of(current_works(), actor.user_id),
        here=actor.workspace_id,
        may_read=actor.allows(READERS),
        choices=[{"value": one, "label": _LABELS[one]} for one in CHOICES],
    )


def _serve_password(pages: Blueprint, room: Members) -> None:
    @pages.get("/password")
    def password() -> Page:
        return render("members/password.html", wrong={})

    @pages.post("/password")
    def change_password() -> Page:
        form = request.form
        try:
            room.passwords.change(
                _person(), form.get("present", ""), form.get("password", ""), visitor_now()
            )
        except (ValidationFailed, TooManyRequests) as error:
            return render("members/password.html", wrong=_wrong(error, "present")), error.status
        flash("Your password is changed. Your other browsers are signed out.", "success")
        return redirect(url_for(_ACCOUNT), 303)


def _serve_address(pages: Blueprint, room: Members) -> None:
    @pages.get("/email")
    def email() -> Page:
        return render("members/email.html", wrong={}, email="")

    @pages.post("/email")
    def change_email() -> Page:
        given = request.form.get("email", "")
        try:
            room.addresses.ask(_person(), given, request.form.get("password", ""), visitor_now())
        except (ValidationFailed, TooManyRequests) as error:
            wrong = _wrong(error, "password")
            return render("members/email.html", wrong=wrong, email=given), error.status
        flash("Look into the mailbox of the new address: it counts once confirmed.", "success")
        return redirect(url_for(_ACCOUNT), 303)

    @pages.post("/email/verify")
    def verify_email() -> Page:
        try:
            room.addresses.verify_present(_person())
            flash("A mail with a link is on its way to you.", "success")
        except Conflict as error:
            flash(error.detail, "error")
        return redirect(url_for(_ACCOUNT), 303)


def _serve_choices(pages: Blueprint, room: Members) -> None:
    @pages.post("/notice-mails")
    def notice_mails() -> Page:
        person = _person()
        with writing() as work:
            choose(work, person.user_id, request.form.get("notice_mails", ""))
        flash("Kept.", "success")
        return redirect(url_for(_ACCOUNT), 303)

    @pages.post("/workspaces/<workspace_id>")
    def change_workspace(workspace_id: str) -> Page:
        switch(room.works, room.generations, _person(), workspace_id)
        flash("This is the other workspace.", "success")
        return redirect("/", 303)


def _person() -> PersonActor:
    """Give who is signed in at a browser: a token may not change the account it belongs to."""
    actor = current_actor()
    if actor.session_id is None:
        raise Forbidden("Only a browser that is signed in can change the account.")
    return actor


def _wrong(error: ValidationFailed | TooManyRequests, place: str) -> dict[str, str]:
    if isinstance(error, ValidationFailed):
        return {one.pointer.strip("/"): one.message for one in error.findings}
    return {place: error.detail}
