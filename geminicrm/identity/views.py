"""Pages of people: sign in, sign out, the account with its sessions and tokens."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, request, session, url_for
from flask_login import login_user, logout_user
from markupsafe import Markup
from werkzeug.wrappers import Response

from geminicrm.identity.actor import PersonActor
from geminicrm.identity.guards import (
    Credentials,
    SignedIn,
    current_actor,
    current_works,
    public,
    reading,
    writing,
)
from geminicrm.identity.permissions import SCOPES
from geminicrm.identity.sign_in import Visitor, list_sessions, sign_in, sign_out
from geminicrm.identity.tokens import create_token, list_tokens, revoke_token
from geminicrm.kernel.errors import Finding, TooManyRequests, Unauthenticated, ValidationFailed
from geminicrm.kernel.generation import Generations
from geminicrm.web.pages import render

_LIFETIMES = {"30": 30, "90": 90, "365": 365, "never": None}
Page = Response | str | tuple[str, int]


class AccountCard(Protocol):
    """What a room above puts on the page of the account."""

    def __call__(self, actor: PersonActor) -> str:
        """Give its HTML."""
        ...


@dataclass(frozen=True)
class Above:
    """What rooms above add: cards of the account, the page for those who forgot their password."""

    cards: Sequence[AccountCard] = ()
    forgotten_url: str = ""


NOTHING_ABOVE: Final = Above()


def blueprint(
    credentials: Credentials,
    generations: Generations,
    session_days: int,
    above: Above = NOTHING_ABOVE,
) -> Blueprint:
    """Serve /sign-in, /sign-out and /account, with what rooms above add."""
    pages = Blueprint("identity", __name__, template_folder="templates")
    _add_doors(pages, credentials, generations, session_days)
    _add_account(pages, generations, above.cards)

    @pages.context_processor
    def _forgotten() -> dict[str, str]:
        return {"forgotten_url": above.forgotten_url}

    return pages


def _add_doors(
    pages: Blueprint, credentials: Credentials, generations: Generations, session_days: int
) -> None:
    @pages.get("/sign-in")
    @public
    def sign_in_form() -> Page:
        return _sign_in_page()

    @pages.post("/sign-in")
    @public
    def sign_in_now() -> Page:
        visitor = visitor_now()
        email, password = request.form.get("email", ""), request.form.get("password", "")
        try:
            secret = sign_in(current_works(), email, password, visitor, session_days)
        except (ValidationFailed, TooManyRequests) as error:
            return _sign_in_page(email, error.detail), error.status
        keep_session(credentials, secret)
        return redirect(local_target(request.form.get("next", "")))

    @pages.post("/sign-out")
    def sign_out_now() -> Page:
        session_id = current_actor().session_id
        if session_id is not None:
            _end_session(generations, session_id)
        logout_user()
        session.clear()
        return redirect(url_for("identity.sign_in_form"))


def _add_account(pages: Blueprint, generations: Generations, cards: Sequence[AccountCard]) -> None:
    @pages.get("/account")
    def account() -> Page:
        return _account_page(cards)

    @pages.post("/account/tokens")
    def new_token() -> Page:
        try:
            shown = _new_token()
        except ValidationFailed as error:
            return _account_page(cards, findings=error.findings), 422
        return _account_page(cards, shown=shown)

    @pages.post("/account/tokens/<token_id>/revoke")
    def revoke(token_id: str) -> Page:
        with writing() as work:
            revoke_token(work, generations, current_actor().user_id, token_id)
        flash("The token is revoked and holds nowhere any more.", "success")
        return redirect(url_for("identity.account"))

    @pages.post("/account/sessions/<session_id>/end")
    def end_session(session_id: str) -> Page:
        with reading() as work:
            own = {row.id for row in list_sessions(work, current_actor().user_id)}
        if session_id in own:
            _end_session(generations, session_id)
            flash("That browser is signed out.", "success")
        return redirect(url_for("identity.account"))


def visitor_now() -> Visitor:
    """Give where the present request comes from."""
    return Visitor(request.remote_addr or "", request.headers.get("User-Agent", ""))


def local_target(target: str) -> str:
    """Give a path of ours to go on to; anything else, such as another site, becomes `/`."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//"):
        return "/"
    return target if target.isprintable() and "\\" not in target else "/"


def keep_session(credentials: Credentials, secret: str) -> None:
    """Give the browser a new cookie for an opened session. Raises Unauthenticated."""
    actor = credentials.actor(secret)
    if actor is None:
        raise Unauthenticated
    session.clear()
    session.permanent = True
    session["fresh"] = secrets.token_hex(4)  # a new cookie, whatever was planted before
    login_user(SignedIn(secret, actor))


def _end_session(generations: Generations, session_id: str) -> None:
    with current_works().across_workspaces("end a session", write=True) as work:
        sign_out(work, generations, session_id)


def _new_token() -> str:
    name = request.form.get("name", "").strip()
    lifetime = request.form.get("lifetime", "90")
    findings = []
    if not name:
        findings.append(Finding("/name", "required", "give the token a name"))
    if lifetime not in _LIFETIMES:
        findings.append(Finding("/lifetime", "unknown", "choose one of the lifetimes"))
    if not request.form.getlist("scopes"):
        findings.append(Finding("/scopes", "required", "choose at least one permission"))
    if findings:
        raise ValidationFailed(findings)
    with writing() as work:
        made = create_token(
            work,
            current_actor().user_id,
            name,
            request.form.getlist("scopes"),
            _LIFETIMES[lifetime],
        )
    return made.secret


def _sign_in_page(email: str = "", wrong: str | None = None) -> str:
    target = request.form.get("next") or request.args.get("next", "")
    return render("identity/sign_in.html", email=email, wrong=wrong, target=target)


def _account_page(
    cards: Sequence[AccountCard], shown: str | None = None, findings: tuple[Finding, ...] = ()
) -> str:
    actor = current_actor()
    with reading() as work:
        tokens = list_tokens(work, actor.user_id)
        sessions = list_sessions(work, actor.user_id)
    return render(
        "identity/account.html",
        actor=actor,
        tokens=tokens,
        sessions=sessions,
        scopes=[SCOPES[name] for name in sorted(actor.scopes)],
        cards=[Markup(card(actor)) for card in cards],  # noqa: S704 - rendered by templates that escape
        shown=shown,
        wrong={finding.pointer.lstrip("/"): finding.message for finding in findings},
    )
