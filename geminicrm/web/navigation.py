"""What the shell shows around a page: navigation entries, palette commands, the person looking."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, kw_only=True)
class NavItem:
    """One entry of the left navigation; `keys` is its shortcut, e.g. `g l`."""

    label: str
    url: str
    icon: str
    section: str = ""
    badge: int | None = None
    active: bool = False
    keys: str = ""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One entry of the command palette besides the navigation, e.g. "New lead"."""

    title: str
    url: str
    icon: str = "plus"
    keys: str = ""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Who looks at the page; addresses are given by the app, which knows the other rooms."""

    name: str
    email: str
    workspace: str
    zone: str = "UTC"
    sign_out_url: str = "/sign-out"
    search_url: str = "/search"
    links: tuple[Command, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A warning that stands above every page, with the page where it is dealt with."""

    text: str
    link_label: str = ""
    link_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Bell:
    """The number of unread notifications in the header; `ask_url` tells what has become of it."""

    unread: int
    url: str
    ask_url: str


def sections(items: Sequence[NavItem]) -> list[tuple[str, list[NavItem]]]:
    """Group entries by section, in the order they came in."""
    return [(name, list(group)) for name, group in groupby(items, key=lambda item: item.section)]


def palette(items: Sequence[NavItem], commands: Sequence[Command]) -> list[dict[str, str]]:
    """Give the commands that the palette knows without asking the server."""
    going = [
        {"title": f"Go to {item.label}", "url": item.url, "icon": item.icon, "keys": item.keys}
        for item in items
    ]
    doing = [
        {"title": entry.title, "url": entry.url, "icon": entry.icon, "keys": entry.keys}
        for entry in commands
    ]
    return doing + going
