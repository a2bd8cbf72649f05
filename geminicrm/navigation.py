"""What the shell shows of the rooms: the navigation, the palette's commands, who is looking."""

from collections.abc import Callable, Iterable, Sequence

from flask import g, request

from geminicrm.connections.sections import Section
from geminicrm.crm.shared.desk import Card
from geminicrm.identity.models import User, Workspace
from geminicrm.kernel.work import Actor, Works
from geminicrm.web.navigation import Command, NavItem, Viewer

_Place = tuple[str, str, str, str, str]
_PLACES = (
    ("Home", "/", "home", "", "g h"),
    ("Leads", "/leads", "user-plus", "", "g l"),
    ("Contacts", "/contacts", "users", "", "g c"),
    ("Companies", "/companies", "building", "", "g o"),
    ("Deals", "/deals", "layout-kanban", "", "g d"),
    ("Activities", "/activities", "calendar", "", "g a"),
)
_EXTEND = (
    ("Marketplace", "/marketplace", "apps", "Extend", "g m"),
    ("Installed", "/installed", "puzzle", "Extend", "g i"),
)
# Those of the marketplace that need a permission, with it; a registry of its own has them too.
_NEEDING = (
    ("publish:extensions", ("Developer", "/developer", "code", "Extend", "g v")),
    ("operate:instance", ("Moderation", "/moderation", "shield-check", "Operate", "")),
)
# Right behind what is installed: entries of one section stand together.
_PAYMENTS = ("read:payments", ("Payments", "/payments", "credit-card", "", "g y"))
_OUTBOX = ("send:email", ("Outbox", "/outbox", "mail", "", "g e"))
_MEMBERS = ("read:users", ("Members", "/members", "users-group", "", "g u"))
_INBOX = ("send:email", ("Inbox", "/inbox", "inbox", "", "g b"))
_INTEGRATIONS = (
    "read:integrations",
    ("Integrations", "/integrations", "plug-connected", "Extend", "g n"),
)
_WEBHOOKS = ("read:webhooks", ("Webhooks", "/webhooks", "webhook", "Extend", "g w"))
_JOBS = ("manage:extensions", ("Jobs", "/jobs", "list-check", "Extend", "g j"))
_NEEDING_IN_CRM = (
    ("operate:instance", ("Registries", "/operations/registries", "server", "Operate", "")),
    ("operate:instance", ("Workers", "/operations/workers", "stack-2", "Operate", "")),
)
# What rooms above the CRM put beside its records.
CARDS: Sequence[Card] = (
    Card(
        title="Payments",
        url="/payments/card",
        kinds=frozenset({"lead", "deal"}),
        scope="read:payments",
    ),
    Card(
        title="Sync",
        url="/syncing/card",
        kinds=frozenset({"contact", "company", "deal"}),
        scope="read:integrations",
    ),
    Card(
        title="Webhooks",
        url="/webhooks/card",
        kinds=frozenset({"lead", "contact", "company", "deal", "activity"}),
        scope="read:webhooks",
    ),
)
# What rooms put on the page of a connection.
SECTIONS: Sequence[Section] = (
    Section(title="Sync", url="/syncing/connection", capability="crm_sync"),
    Section(title="Webhooks", url="/webhooks/in/connection", webhooks=True),
)
_MARKETPLACE = ("Marketplace", "/marketplace", "apps", "", "g m")


def places_of(attention: Callable[[Actor], int | None]) -> Callable[[], list[NavItem]]:
    """Make the function that gives the entries of the left navigation.

    `attention` counts what is wrong with what is installed, for the number beside it.
    """

    def places() -> list[NavItem]:
        actor = g.get("actor")
        if actor is None:
            return _places(None)
        if "attention" not in g:  # a page asks twice: for the navigation and for the palette
            g.attention = attention(actor)
        return _places(g.attention)

    return places


def _places(attention: int | None) -> list[NavItem]:
    """Give the entries, the present one marked."""
    working = (_PAYMENTS, _INBOX, _OUTBOX, _MEMBERS)
    needing = (_INTEGRATIONS, _WEBHOOKS, _JOBS, *_NEEDING, *_NEEDING_IN_CRM)
    return _items(
        (*_PLACES, *_allowed(working), *_EXTEND, *_allowed(needing)),
        attention,
    )


def places_of_registry() -> list[NavItem]:
    """Give the entries of a registry that is an installation of its own."""
    return _items((_MARKETPLACE, *_allowed(_NEEDING)), None)


def _allowed(needing: Iterable[tuple[str, _Place]]) -> list[_Place]:
    actor = g.get("actor")
    return [place for scope, place in needing if actor is not None and actor.allows(scope)]


def _items(places: Iterable[_Place], attention: int | None) -> list[NavItem]:
    here = request.path
    return [
        NavItem(
            label=label,
            url=url,
            icon=icon,
            section=section,
            keys=keys,
            badge=attention if url == "/installed" else None,
            active=here == url or (url != "/" and here.startswith(f"{url}/")),
        )
        for label, url, icon, section, keys in places
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
