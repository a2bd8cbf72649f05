"""The door to HTML pages: rendering, template globals and filters, static files, preferences."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
)
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from geminicrm.web import formatting, security
from geminicrm.web.assets import Assets
from geminicrm.web.navigation import Command, NavItem, Viewer, palette, sections

__all__ = ["Command", "NavItem", "Viewer", "init_app", "render", "toast"]

_HERE = Path(__file__).resolve().parent
_YEAR = 365 * 86_400
_PREFERENCES = {"theme": ("system", "light", "dark"), "shortcuts": ("on", "off")}


def render(template: str, **context: Any) -> str:
    """Give the HTML of a page or a fragment."""
    return render_template(template, **context)


def toast(response: Response | str, message: str, category: str = "success") -> Response:
    """Make an htmx fragment show a toast too (full pages use `flask.flash`)."""
    answer = make_response(response)
    event = {"toast": {"message": message, "category": category}}
    # Header values are latin-1; JSON's own escapes keep any text within ASCII.
    answer.headers["HX-Trigger"] = current_app.json.dumps(event, ensure_ascii=True)
    return answer


def preference(name: str) -> str:
    """Give a choice of this browser from its cookie; unknown values count as the default."""
    allowed = _PREFERENCES[name]
    value = request.cookies.get(name, "")
    return value if value in allowed else allowed[0]


def local_path(value: str) -> str:
    """Give an address of our own to return to; anything else becomes the home page."""
    safe = value.startswith("/") and not value.startswith(("//", "/\\")) and value.isprintable()
    return value if safe else "/"


def set_preferences() -> BaseResponse:
    """Answer GET /preferences, the way without JavaScript: keep the choices, then go back.

    A GET, because nothing of value changes and pages without a session have no CSRF token.
    """
    response = redirect(local_path(request.args.get("next", "/")), code=303)
    for name, allowed in _PREFERENCES.items():
        chosen = request.args.get(name)
        if chosen in allowed:
            response.set_cookie(name, chosen, max_age=_YEAR, samesite="Lax", secure=False)
    return response


def is_outward(href: str) -> bool:
    """Tell whether an extension's link goes to another site by https."""
    return href.startswith("https://")


def is_inward(href: str) -> bool:
    """Tell whether an extension's link is a path of our own, not `//another.site`."""
    return href != "" and local_path(href) == href


def _now() -> datetime:
    return datetime.now(tz=UTC)


def _add_filters(app: Flask, zone: Callable[[], str]) -> None:
    def instant(value: datetime | str) -> str:
        return formatting.instant(value, zone())

    def clock(value: datetime | str) -> str:
        return formatting.clock(value, zone())

    def relative_time(value: datetime | str, now: datetime | None = None) -> str:
        return formatting.relative_time(value, now or _now())

    def relative_day(value: str) -> str:
        return formatting.relative_day(value, formatting.local_day(_now(), zone()))

    def overdue(value: str) -> bool:
        return formatting.as_date(value) < formatting.local_day(_now(), zone())

    app.jinja_env.filters |= {
        "instant": instant,
        "clock": clock,
        "relative_time": relative_time,
        "relative_day": relative_day,
        "overdue": overdue,
        "day": formatting.day,
        "money": formatting.money,
        "money_short": formatting.money_short,
        "number": formatting.number,
        "number_short": formatting.number_short,
        "percent": formatting.percent,
        "size": formatting.size,
        "initials": formatting.initials,
        "hue": formatting.hue,
        "local_path": local_path,
    }


def init_app(
    app: Flask,
    *,
    nav: Callable[[], Sequence[NavItem]],
    viewer: Callable[[], Viewer | None],
    csrf_token: Callable[[], str],
    public_url: str,
    commands: Callable[[], Sequence[Command]] = tuple,
) -> None:
    """Give the app the shell: templates, static files, template globals and response headers.

    `nav`, `viewer` and `commands` are asked when a page is rendered, inside the request; `viewer`
    gives None where nobody is signed in. Requires that the app was made with `static_folder=None`.
    """
    assets = Assets(_HERE / "static")

    def csrf_field() -> Markup:
        return Markup('<input type="hidden" name="csrf_token" value="{}">').format(csrf_token())

    def zone() -> str:
        person = viewer()
        return person.zone if person else "UTC"

    def nav_sections() -> list[tuple[str, list[NavItem]]]:
        return sections(nav())

    def palette_commands() -> list[dict[str, str]]:
        return palette(nav(), commands())

    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {
        "asset": assets.url,
        "icon": assets.icon,
        "csrf_token": csrf_token,
        "csrf_field": csrf_field,
        "nav_sections": nav_sections,
        "palette_commands": palette_commands,
        "viewer": viewer,
        "preference": preference,
    }
    app.jinja_env.tests |= {"outward": is_outward, "inward": is_inward}
    _add_filters(app, zone)
    security.init_app(app, public_url)
    blueprint = Blueprint("web", __name__, template_folder="templates")
    blueprint.add_url_rule("/static/<path:path>", "static", assets.serve)
    blueprint.add_url_rule("/preferences", "preferences", set_preferences)
    app.register_blueprint(blueprint)
