"""Pages behind secret links: accept an invitation, set a new password, confirm an address."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from geminicrm.identity.guards import Credentials, by_secret_link, public
from geminicrm.identity.views import keep_session, visitor_now
from geminicrm.kernel.errors import AppError, Conflict, Forbidden, Gone, ValidationFailed
from geminicrm.members.assembly import Members
from geminicrm.members.tokens import UnknownLink
from geminicrm.web.pages import render

Page = Response | str | tuple[str, int]
_SIGN_IN = "identity.sign_in_form"


def blueprint(room: Members, credentials: Credentials) -> Blueprint:
    """Serve /accept-invitation, /forgot-password, /reset-password and /verify-email."""
    pages = Blueprint("member_links", __name__, template_folder="templates")
    _serve_invitation(pages, room, credentials)
    _serve_forgotten(pages, room)
    _serve_reset(pages, room)
    _serve_address(pages, room)
    return pages


def _serve_invitation(pages: Blueprint, room: Members, credentials: Credentials) -> None:
    def page(token: str, wrong: Mapping[str, str]) -> str:
        shown = room.joining.look(token)
        return render(
            "members/accept.html",
            shown=shown,
            wrong=wrong,
            name=request.form.get("name", shown.first_name),
            here=_is_here(shown.user_id),
        )

    def join(token: str) -> Response:
        known = room.joining.look(token).user_id
        password, visitor = request.form.get("password", ""), visitor_now()
        if known is None:
            name = request.form.get("name", "")
            secret = room.joining.as_new(token, name, password, visitor)
        elif _is_here(known):
            secret = room.joining.signed_in(token, known, visitor)
        else:
            secret = room.joining.with_password(token, password, visitor)
        keep_session(credentials, secret)
        flash("Welcome. You are a member now.", "success")
        return redirect("/", 303)

    @pages.route("/accept-invitation/<token>", methods=["GET", "POST"], strict_slashes=False)
    @by_secret_link
    def accept(token: str) -> Page:
        return _answer(room, lambda: join(token), lambda wrong: page(token, wrong))


def _serve_forgotten(pages: Blueprint, room: Members) -> None:
    @pages.get("/forgot-password")
    @public
    def forgotten() -> Page:
        return render("members/forgot.html", asked=False, wrong=None)

    @pages.post("/forgot-password")
    @public
    def ask() -> Page:
        try:
            room.passwords.ask(request.form.get("email", ""), visitor_now())
        except AppError as error:
            return render("members/forgot.html", asked=False, wrong=error.detail), error.status
        return redirect(url_for("member_links.asked"), 303)

    @pages.get("/forgot-password/asked")
    @public
    def asked() -> Page:
        return render("members/forgot.html", asked=True, wrong=None)


def _serve_reset(pages: Blueprint, room: Members) -> None:
    def page(token: str, wrong: Mapping[str, str]) -> str:
        return render("members/reset.html", email=room.passwords.look(token), wrong=wrong)

    def change(token: str) -> Response:
        room.passwords.reset(token, request.form.get("password", ""))
        flash("Your password is changed. Sign in with it.", "success")
        return redirect(url_for(_SIGN_IN), 303)

    @pages.route("/reset-password/<token>", methods=["GET", "POST"], strict_slashes=False)
    @by_secret_link
    def reset(token: str) -> Page:
        return _answer(room, lambda: change(token), lambda wrong: page(token, wrong))


def _serve_address(pages: Blueprint, room: Members) -> None:
    def page(token: str, wrong: Mapping[str, str]) -> str:
        return render("members/verify.html", email=room.addresses.look(token), wrong=wrong)

    def confirm(token: str) -> str:
        return render("members/verified.html", email=room.addresses.confirm(token))

    @pages.route("/verify-email/<token>", methods=["GET", "POST"], strict_slashes=False)
    @by_secret_link
    def verify(token: str) -> Page:
        return _answer(room, lambda: confirm(token), lambda wrong: page(token, wrong))


def _answer(
    room: Members, act: Callable[[], Response | str], show: Callable[[Mapping[str, str]], str]
) -> Page:
    """Show the page, or do what its form asks for; say it where the link leads nowhere."""
    visitor = visitor_now()
    room.throttle.check(visitor)
    try:
        return act() if request.method == "POST" else show({})
    except UnknownLink as error:
        room.throttle.note(visitor)
        return _dead(error)
    except Gone as error:
        return _dead(error)
    except ValidationFailed as error:
        return show({one.pointer.strip("/"): one.message for one in error.findings}), error.status
    except (Conflict, Forbidden) as error:
        return show({"": error.detail}), error.status


def _dead(error: AppError) -> tuple[str, int]:
    return render("members/dead_link.html", error=error), error.status


def _is_here(user_id: str | None) -> bool:
    """Tell whether the browser is signed in as this user."""
    actor: Any = g.get("actor")
    return actor is not None and actor.session_id is not None and actor.user_id == user_id
