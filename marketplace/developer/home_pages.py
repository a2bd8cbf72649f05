"""The portal's first page, and signing up as a publisher."""

from flask import Blueprint, request

from geminicrm.identity.guards import current_actor, needs
from geminicrm.kernel.errors import AppError
from geminicrm.web.pages import render
from marketplace.developer.desk import Desk
from marketplace.developer.forms import Page, acted, wrong
from marketplace.publishers.access import PUBLISH
from marketplace.publishers.schemas import Profile
from marketplace.publishers.service import Publishers


def add(pages: Blueprint, publishers: Publishers, desk: Desk) -> None:
    """Add them."""

    @pages.get("")
    @needs(PUBLISH)
    def home() -> str:
        actor = current_actor()
        return render(
            "developer/home.html",
            publishers=publishers.mine(actor),
            extensions=desk.mine(actor),
            workspace_id=actor.workspace_id,
        )

    @pages.get("/publishers/new")
    @needs(PUBLISH)
    def sign_up_form() -> str:
        return render("developer/sign_up.html", form={"kind": "person"}, wrong={})

    @pages.post("/publishers/new")
    @needs(PUBLISH)
    def sign_up() -> Page:
        form = {name: request.form.get(name, "") for name in ("slug", "name", "kind", "homepage")}

        def again(error: AppError) -> Page:
            return render("developer/sign_up.html", form=form, wrong=wrong(error)), error.status

        def act() -> None:
            publishers.sign_up(current_actor(), Profile(**{**form, "homepage": form["homepage"]}))

        target = f"/developer/publishers/{form['slug']}"
        return acted(act, f"{form['name']} is signed up.", target, again)
