"""What the shell shows of the rooms: the navigation, the palette's commands, who is looking."""

from collections.abc import Callable

from flask import g, request

from geminicrm.identity.models import User, Workspace
from geminicrm.kernel.work import Works
from geminicrm.web.navigation import Command, NavItem, Viewer

_PLACES = (
    ("Home", "/", "home", "", "g h"),
    ("Leads", "/leads", "user-plus", "", "g l"),
    ("Contacts", "/contacts", "users", "", "g c"),
    ("Companies", "/companies", "building", "", "g o"),
    ("Deals", "/deals", "layout-kanban", "", "g d"),
    ("Activities", "/activities", "calendar", "", "g a"),
    ("Marketplace", "/marketplace", "apps", "Extend", "g m"),
    ("Installed", "/installed", "puzzle", "Extend", "g i"),
)


def places() -> list[NavItem]:
    """Give the entries of the left navigation, the present one marked."""
    here = request.path
    return [
        NavItem(
            label=label,
            url=url,
            icon=icon,
            section=section,
            keys=keys,
            active=here == url or (url != "/" and here.startswith(f"{url}/")),
        )
        for label, url, icon, section, keys in _PLACES
    ]


def commands() -> list[Command]:
    """Give what the palette can do besides going somewhere."""
    return [
        Command(title="New lead", url="/leads/new", keys="c"),
        Command(title="New contact", url="/contacts/new"),
        Command(title="New company", url="/companies/new"),
        Command(title="New deal", url="/deals/new"),
        Command(title="Your account", url="/account", icon="settings"),
    ]


def viewer_of(works: Works) -> Callable[[], Viewer | None]:
    """Make the function that tells who looks at the page; asked once for each request."""

    def viewer() -> Viewer | None:
        if g.get("actor") is None:
            return None
        if "viewer" not in g:
            g.viewer = _look_up(works)
        return g.viewer  # type: ignore[no-any-return]  # flask.g is untyped

    return viewer


def zone_of(works: Works) -> Callable[[], str]:
    """Make the function that gives the IANA zone of whoever looks at the page."""
    viewer = viewer_of(works)

    def zone() -> str:
        person = viewer()
        return person.zone if person else "UTC"

    return zone


def _look_up(works: Works) -> Viewer:
    actor = g.actor
    with works.across_workspaces("show who is signed in") as work:
        workspace = work.session.get_one(Workspace, actor.workspace_id)
        user = work.session.get_one(User, actor.user_id)
        return Viewer(
            name=user.name,
            email=user.email,
            workspace=workspace.name,
            zone=workspace.time_zone,
            links=(Command(title="Your account", url="/account", icon="settings"),),
        )
