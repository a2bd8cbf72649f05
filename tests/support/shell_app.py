"""A small Flask app around the HTML shell, for tests of the shell alone."""

from flask import Flask, Response, abort, flash, jsonify, request

from geminicrm.web import pages, styleguide
from geminicrm.web.errors import ErrorPage, render_error
from geminicrm.web.pages import Command, NavItem, Viewer

VIEWER = Viewer(
    name="Ada Lovelace",
    email="ada@analytical.example",
    workspace="Analytical Engines",
    zone="Europe/Paris",
    links=(Command(title="Settings", url="/settings", icon="settings"),),
)


def navigation() -> list[NavItem]:
    """Give entries of two sections, one of them with a badge, one of them current."""
    return [
        NavItem(label="Home", url="/", icon="home", keys="g h"),
        NavItem(label="Leads", url="/leads", icon="user-plus", badge=1204, keys="g l"),
        NavItem(
            label="Style guide",
            url="/styleguide",
            icon="palette",
            section="Extend",
            active=request.path == "/styleguide",
        ),
    ]


def _move(deal: str) -> Response:
    if request.headers.get("X-CSRFToken") != "token":
        abort(400)
    if deal == "d3":
        refused = jsonify(title="Conflict", detail="Somebody else moved it.")
        refused.status_code = 409
        return refused
    return jsonify(data={"id": deal}, columns={"new": {"count": 7}})


def _search() -> Response:
    found = {"title": f"Found {request.args['q']}", "subtitle": "Lead", "url": "/leads", "icon": ""}
    return jsonify(data=[found])


def _post() -> Response:
    if request.form.get("action") == "withdraw":
        abort(500)
    return pages.toast(f"<div data-blocks>Did {request.form['action']}</div>", "Done: sent café")


def _flashing() -> str:
    flash("Saved", "success")
    flash("Not sent", "error")
    flash("Odd", "unknown")
    return pages.render("base.html")


def _failing() -> str:
    return render_error(
        ErrorPage(
            status=503, title="Busy", detail="Try later.", reference="req_1", retry_url="/again"
        )
    )


def shell_app(viewer: Viewer | None = VIEWER) -> Flask:
    """Give the app; without a viewer nobody is signed in."""
    app = Flask("shell", static_folder=None)
    app.secret_key = "only for tests"
    pages.init_app(
        app,
        nav=navigation,
        viewer=lambda: viewer,
        csrf_token=lambda: "token",
        public_url="https://crm.example",
        commands=lambda: [Command(title="New lead", url="/leads?new", keys="c")],
    )
    app.register_blueprint(styleguide.blueprint())
    app.add_url_rule("/search", "search", _search)
    app.add_url_rule("/flash", "flash", _flashing)
    app.add_url_rule("/failing", "failing", _failing)
    app.add_url_rule("/leads", "leads", lambda: pages.render("base.html"))
    app.add_url_rule("/styleguide", "post", _post, methods=["POST"])
    app.add_url_rule("/styleguide/move/<deal>", "move", _move, methods=["POST"])
    return app
