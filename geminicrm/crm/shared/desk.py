"""What every page of records works with: the doors, the people, the day, names of links."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import g

from geminicrm.crm.shared.commands import RecordCommands
from geminicrm.crm.shared.naming import display_name
from geminicrm.crm.shared.spec import Rest
from geminicrm.identity.guards import current_actor, current_works, reading
from geminicrm.identity.people import Member, list_members
from geminicrm.kernel.errors import ScopeMissing

Option = dict[str, str]


@dataclass(frozen=True)
class Link:
    """A record as another one names it."""

    name: str
    url: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """A card that a room above puts beside a record: what `url/<kind>/<id>` answers is its HTML.

    `kinds` are the kinds of record that have it; whoever lacks `scope` does not see it. It is
    loaded behind the page, so that no record waits for what another room has to say.
    """

    title: str
    url: str
    kinds: frozenset[str]
    scope: str


@dataclass(frozen=True)
class Desk:
    """The doors by kind of record (`lead`, ...), and the zone of whoever is looking."""

    records: Mapping[str, RecordCommands]
    zone: Callable[[], str]
    cards: Sequence[Card] = ()

    def now(self) -> datetime:
        """Give the present instant."""
        return current_works().clock.now()

    def local(self, instant: datetime) -> datetime:
        """Give an instant in the zone of whoever is looking."""
        return instant.astimezone(ZoneInfo(self.zone()))

    def today(self) -> date:
        """Give the day that it is where the reader is."""
        return self.local(self.now()).date()

    def may(self, verb: str, kind: str) -> bool:
        """Tell whether the reader may `read` or `write` a kind of record."""
        return f"{verb}:{self.records[kind].spec.noun}" in current_actor().scopes

    def may_mail(self, kind: str) -> bool:
        """Tell whether the reader may write a mail from a kind of record."""
        return kind != "activity" and "send:email" in current_actor().scopes

    def cards_of(self, kind: str) -> list[Card]:
        """Give the cards beside a kind of record that the reader may see."""
        scopes = current_actor().scopes
        return [card for card in self.cards if kind in card.kinds and card.scope in scopes]

    def demand_write(self, kind: str) -> None:
        """Raise ScopeMissing, before a form is shown that could not be sent."""
        if not self.may("write", kind):
            raise ScopeMissing(f"write:{self.records[kind].spec.noun}", current_actor().label)

    def people(self) -> dict[str, Member]:
        """Give the members of the workspace by id; read once for each request."""
        if "crm_people" not in g:
            with reading() as work:
                g.crm_people = {member.id: member for member in list_members(work)}
        return g.crm_people  # type: ignore[no-any-return]  # flask.g is untyped

    def owner_name(self, identifier: str | None) -> str:
        """Give the name of an owner; empty for nobody."""
        if identifier is None:
            return ""
        member = self.people().get(identifier)
        return member.name if member else "Former member"

    def owner_options(self) -> list[Option]:
        """Give the members as choices of a form."""
        people = ({"value": each.id, "label": each.name} for each in self.people().values())
        return [{"value": "", "label": "Nobody"}, *people]

    def link(self, kind: str, record: Rest) -> Link:
        """Give a record as others name it."""
        spec = self.records[kind].spec
        return Link(display_name(record), f"/{spec.noun}/{record['id']}", spec.icon)

    def links(self, wanted: Iterable[tuple[str | None, str | None]]) -> dict[str, Link]:
        """Give the names of records by id, from pairs of kind and id, as far as they may be read.

        One query for each kind; pairs without an id, and records that are gone, are left out.
        """
        by_kind: dict[str, list[str]] = {}
        for kind, identifier in wanted:
            if kind is not None and identifier is not None and self.may("read", kind):
                by_kind.setdefault(kind, []).append(identifier)
        actor = current_actor()
        return {
            record["id"]: self.link(kind, record)
            for kind, ids in by_kind.items()
            for record in self.records[kind].get_many(actor, list(dict.fromkeys(ids))[:100])
        }
