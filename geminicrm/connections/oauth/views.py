"""The doors of signing in: to the service's consent page, and back from it."""

from collections.abc import Callable
from functools import partial
from typing import Final

from flask import Blueprint, flash, make_response, redirect, request
from werkzeug.wrappers import Response

from extensions.sdk.errors import SdkError
from geminicrm.connections.book import OWN
from geminicrm.connections.models import Connection
from geminicrm.connections.oauth.journey import Finished, Journeys
from geminicrm.connections.oauth.notices import page_of
from geminicrm.connections.oauth.problems import SignInFailed
from geminicrm.connections.oauth.vendor import Vendor, with_more
from geminicrm.connections.testing import Tested
from geminicrm.identity.actor import PersonActor
from geminicrm.identity.guards import current_actor, writing
from geminicrm.kernel.errors import Forbidden, ScopeMissing
from geminicrm.web.pages import render

Connect = Callable[[PersonActor, str], Tested]
"""Takes a connection up, by its id, and notes on it how it is."""
_MOST: Final = 4096
"""The longest value of a callback that is looked at; a code has no use for more."""


def blueprint(journeys: Journeys, vendor: Vendor, connect: Connect) -> Blueprint:
    """Serve /integrations/<id>/sign-in and /integrations/<service>/callback.

    `vendor` is asked while no transaction is open; `connect` takes up what was signed in to.
    """
    pages = Blueprint("oauth_client", __name__, template_folder="templates")

    @pages.post("/integrations/<connection_id>/sign-in")
    def sign_in(connection_id: str) -> Response:
        actor, session_id = _browser()
        try:
            with writing() as work:
                row = work.get(Connection, connection_id, "integration")
                address = journeys.begin(work, row, actor.user_id, session_id)
                name = row.name
            given = vendor.authorization_address(actor, connection_id, address)
            address = with_more(address, given)
        except SdkError as error:
            flash(" ".join(filter(None, [str(error), getattr(error, "mend", "")])), "error")
            return redirect(page_of(connection_id), 303)
        # No redirect: `form-action` of the page with the button would have to name every host that
        # the service leads through on its way. A page that leads on by itself is free of it.
        return _unkept(make_response(render("oauth_client/leave.html", address=address, name=name)))

    @pages.get("/integrations/<service>/callback")
    def callback(service: str) -> Response:
        actor, session_id = _browser()
        given = {name: one for name, one in request.args.items() if len(one) <= _MOST}
        try:
            finished = journeys.finish(
                actor, service, session_id, given, partial(vendor.exchange_code, actor)
            )
        except SignInFailed as error:
            flash(error.detail, "error")
            return _unkept(redirect(page_of(error.connection_id), 303))
        _tell(finished, lambda: connect(actor, finished.connection_id))
        return _unkept(redirect(page_of(finished.connection_id), 303))

    return pages


def _browser() -> tuple[PersonActor, str]:
    """Give who is asking and in which session; a token belongs to no browser."""
    actor = current_actor()
    if not actor.allows(OWN):
        raise ScopeMissing(OWN, actor.label)
    if actor.session_id is None:
        raise Forbidden("Signing in at a service needs a browser: do it on the connection's page.")
    return actor, actor.session_id


def _tell(finished: Finished, connect: Callable[[], Tested]) -> None:
    if finished.missing:
        scopes = ", ".join(finished.missing)
        flash(f"{finished.name} is connected, but without: {scopes}.", "warning")
        return
    wrong = next((one.detail for one in connect().told if not one.ok), None)
    if wrong is not None:
        flash(f"{finished.name} is signed in, and does not work yet: {wrong}", "warning")
        return
    flash(f"{finished.name} is connected.", "success")


def _unkept(answer: Response) -> Response:
    """Keep codes and states out of caches."""
    answer.headers["Cache-Control"] = "no-store"
    return answer
