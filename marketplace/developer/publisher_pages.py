"""A publisher's pages: extensions, members, keys, tokens, profile."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, request

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError
from geminicrm.web.pages import render
from marketplace.developer.desk import Desk
from marketplace.developer.forms import Page, acted, wrong
from marketplace.publishers.access import PUBLISH
from marketplace.publishers.errors import NotAMember
from marketplace.publishers.service import Publishers
from marketplace.publishers.tokens import TokenWish

_DAYS = ("30", "90", "365")


def add(pages: Blueprint, publishers: Publishers, desk: Desk) -> None:
    """Add them."""
    show = _shower(publishers, desk)
    _add_reading(pages, show)
    _add_profile(pages, publishers, show)
    _add_members(pages, publishers, show)
    _add_keys(pages, publishers, show)
    _add_tokens(pages, publishers, show)


def _shower(publishers: Publishers, desk: Desk) -> Callable[..., str]:
    def show(slug: str, tab: str, **context: Any) -> str:
        actor = current_actor()
        publisher = publishers.get(actor, slug)
        if publisher.role is None:
            raise NotAMember(f"{actor.label} is no member of {slug}.")
        extensions = [one for one in desk.mine(actor) if one.publisher_id == publisher.id]
        lists = {
            "members": publishers.members.list,
            "keys": publishers.keys.list,
            "tokens": publishers.tokens.list,
        }
        given = lists[tab](actor, slug) if tab in lists else ()
        return render(
            f"developer/publisher_{tab}.html",
            **{"wrong": {}, "form": {}, **context},
            tab=tab,
            publisher=publisher,
            owner=publisher.role == "owner",
            extensions=extensions,
            given=given,
            me=actor.user_id,
        )

    return show


def _add_reading(pages: Blueprint, show: Callable[..., str]) -> None:
    @pages.get("/publishers/<slug>")
    @needs(PUBLISH)
    def publisher(slug: str) -> str:
        return show(slug, "extensions")

    @pages.get("/publishers/<slug>/<any(members, keys, tokens, profile):tab>")
    @needs(PUBLISH)
    def publisher_tab(slug: str, tab: str) -> str:
        return show(slug, tab)


def _add_profile(pages: Blueprint, publishers: Publishers, show: Callable[..., str]) -> None:
    @pages.post("/publishers/<slug>/profile")
    @needs(PUBLISH)
    def change(slug: str) -> Page:
        form = {"name": request.form.get("name", ""), "homepage": request.form.get("homepage", "")}
        return acted(
            lambda: publishers.change(current_actor(), slug, form["name"], form["homepage"]),
            "The profile is saved.",
            f"/developer/publishers/{slug}/profile",
            _again(show, slug, "profile", form),
        )


def _add_members(pages: Blueprint, publishers: Publishers, show: Callable[..., str]) -> None:
    @pages.post("/publishers/<slug>/members")
    @needs(PUBLISH)
    def add_member(slug: str) -> Page:
        form = {"email": request.form.get("email", ""), "role": request.form.get("role", "")}
        return acted(
            lambda: publishers.members.add(current_actor(), slug, form["email"], form["role"]),
            f"{form['email']} is a member now.",
            f"/developer/publishers/{slug}/members",
            _again(show, slug, "members", form),
        )

    @pages.post("/publishers/<slug>/members/<user_id>/remove")
    @needs(PUBLISH)
    def remove_member(slug: str, user_id: str) -> Page:
        leaving = user_id == current_actor().user_id
        return acted(
            lambda: publishers.members.remove(current_actor(), slug, user_id),
            "You have left." if leaving else "They are no member any more.",
            "/developer" if leaving else f"/developer/publishers/{slug}/members",
            _again(show, slug, "members", {}),
        )


def _add_keys(pages: Blueprint, publishers: Publishers, show: Callable[..., str]) -> None:
    @pages.post("/publishers/<slug>/keys")
    @needs(PUBLISH)
    def add_key(slug: str) -> Page:
        form = {name: request.form.get(name, "").strip() for name in ("name", "public")}
        return acted(
            lambda: publishers.keys.add(current_actor(), slug, form["name"], form["public"]),
            "The key is added.",
            f"/developer/publishers/{slug}/keys",
            _again(show, slug, "keys", form),
        )

    @pages.post("/publishers/<slug>/keys/<key_id>/revoke")
    @needs(PUBLISH)
    def revoke_key(slug: str, key_id: str) -> Page:
        return acted(
            lambda: publishers.keys.revoke(current_actor(), slug, key_id),
            "The key is revoked: nothing signed with it is taken any more.",
            f"/developer/publishers/{slug}/keys",
            _again(show, slug, "keys", {}),
        )


def _add_tokens(pages: Blueprint, publishers: Publishers, show: Callable[..., str]) -> None:
    @pages.post("/publishers/<slug>/tokens")
    @needs(PUBLISH)
    def add_token(slug: str) -> Page:
        form = {name: request.form.get(name, "") for name in ("name", "extension_id", "days")}
        days = form["days"] if form["days"] in _DAYS else "0"
        try:
            wish = TokenWish(
                name=form["name"], extension_id=form["extension_id"] or None, days=int(days)
            )
            made = publishers.tokens.create(current_actor(), slug, wish)
        except AppError as error:
            return _again(show, slug, "tokens", form)(error)
        return show(slug, "tokens", shown=made.secret)

    @pages.post("/publishers/<slug>/tokens/<token_id>/revoke")
    @needs(PUBLISH)
    def revoke_token(slug: str, token_id: str) -> Page:
        return acted(
            lambda: publishers.tokens.revoke(current_actor(), slug, token_id),
            "The token is revoked and holds nowhere any more.",
            f"/developer/publishers/{slug}/tokens",
            _again(show, slug, "tokens", {}),
        )


def _again(
    show: Callable[..., str], slug: str, tab: str, form: dict[str, str]
) -> Callable[[AppError], Page]:
    def again(error: AppError) -> Page:
        return show(slug, tab, form=form, wrong=wrong(error)), error.status

    return again
