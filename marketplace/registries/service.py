"""The registries that this CRM takes packages from: added, ordered, switched and removed."""

import re
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.errors import Conflict, Finding, ValidationFailed
from geminicrm.kernel.http import AddressGuard, AddressRefused
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Work, Works
from marketplace.registries.client import RegistryClient
from marketplace.registries.clients import FILE, Clients
from marketplace.registries.errors import (
    KeyNotPinned,
    RegistryInUse,
    RegistryNameTaken,
    RegistryRefused,
)
from marketplace.registries.models import RegistryRow
from marketplace.registries.proving import Known
from marketplace.registries.refreshing import Refreshing
from marketplace.registries.rows import (
    EMBEDDED_NAME,
    Facts,
    count_bound,
    ensure_embedded,
    every_registry,
    facts_of,
    row_named,
)
from marketplace.signing.envelope import SignedText
from marketplace.signing.errors import Untrusted
from marketplace.signing.pins import ACTIVE, Pinned, first

OPERATE: Final = "operate:instance"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_LOOPBACK: Final = ("http://127.0.0.1", "http://localhost", "http://[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A registry that somebody wants to add; `key` is the fingerprint of its active key."""

    name: str
    url: str
    key: str | None = None
    token: str | None = None


class Registries:
    """The table of registries; everything needs `operate:instance` and is audited."""

    def __init__(
        self,
        works: Works,
        cipher: Cipher,
        guard: AddressGuard,
        clients: Clients,
        refreshing: Refreshing,
    ) -> None:
        self._works = works
        self._cipher = cipher
        self._guard = guard
        self._clients = clients
        self.refreshing = refreshing

    def list(self, actor: Actor) -> list[dict[str, Any]]:
        """Give all registries in the order they are asked, with the number of installations."""
        with self._works.read(actor) as work:
            work.require(OPERATE)
        with self._works.across_workspaces("show the registries") as work:
            return [
                {**one.to_dict(), "installations": count_bound(work, one.id)}
                for one in every_registry(work)
            ]

    def get(self, actor: Actor, name: str) -> dict[str, Any]:
        """Give one registry by name or id; UnknownRegistry."""
        with self._works.read(actor) as work:
            work.require(OPERATE)
        with self._works.across_workspaces("show a registry") as work:
            facts = _named(work, name)
            return {**facts.to_dict(), "installations": count_bound(work, facts.id)}

    def look(self, wish: Wish) -> Pinned:
        """Ask an address which keys it shows; nothing is stored.

        ValidationFailed for a wrong name or address; RegistryUnreachable, RegistryRefused.
        """
        self._check(wish)
        return _first(wish.name, self._offered(wish), wish.key)

    def add(self, actor: Actor, wish: Wish) -> dict[str, Any]:
        """Add a registry and pin the keys that it shows, whose active one has to be `wish.key`.

        KeyNotPinned where that is not given; RegistryNameTaken; and what `look` raises.
        """
        with self._works.read(actor) as work:
            work.require(OPERATE)
        pin = self.look(wish)
        if wish.key is None:
            raise KeyNotPinned(wish.name, tuple(sorted(pin.of_state(ACTIVE))))
        with self._works.write(actor) as work:
            work.require(OPERATE)
            facts = facts_of(self._store(work, wish, pin))
            told = {"url": wish.url, "fingerprint": wish.key, "token": wish.token is not None}
            work.audit("registry.added", facts.id, {"name": wish.name, **told})
        self.refreshing.try_one(facts)
        return self.get(actor, facts.id)

    def remove(self, actor: Actor, name: str, *, force: bool = False) -> None:
        """Remove a registry; UnknownRegistry, RegistryInUse unless forced, Conflict for our own."""
        with self._works.write(actor) as work:
            work.require(OPERATE)
            ensure_embedded(work)
            row = row_named(work, name)
            _refuse_embedded(row)
            bound = _bound_anywhere(self._works, row.id)
            if bound and not force:
                raise RegistryInUse(row.name, bound)
            work.session.delete(row)
            work.audit("registry.removed", row.id, {"name": row.name, "installations": bound})

    def change(
        self,
        actor: Actor,
        name: str,
        *,
        enabled: bool | None = None,
        position: int | None = None,
    ) -> dict[str, Any]:
        """Switch a registry on or off, or ask it at another place; the first place is 0.

        UnknownRegistry; Conflict for switching our own off.
        """
        with self._works.write(actor) as work:
            work.require(OPERATE)
            ensure_embedded(work)
            row = row_named(work, name)
            if enabled is not None:
                if not enabled:
                    _refuse_embedded(row)
                row.enabled = enabled
            if position is not None:
                _move(work, row, position)
            changes = {"enabled": row.enabled, "position": row.position}
            work.audit("registry.changed", row.id, {"name": row.name, **changes})
        return self.get(actor, row.id)

    def refresh(self, actor: Actor, name: str) -> dict[str, Any]:
        """Ask a registry for its keys and notices now.

        UnknownRegistry; RegistryUnreachable, RegistryRefused.
        """
        with self._works.read(actor) as work:
            work.require(OPERATE)
        with self._works.across_workspaces("ask a registry") as work:
            facts = _named(work, name)
        if not facts.embedded:
            self.refreshing.one(facts)
        return self.get(actor, name)

    def reencrypt(self) -> int:
        """Encrypt every kept token with the first encryption key; give how many there were."""
        with self._works.across_workspaces("encrypt tokens anew", write=True) as work:
            rows = work.session.scalars(select(RegistryRow).where(RegistryRow.token.is_not(None)))
            found = list(rows)
            for row in found:
                row.token = self._cipher.rotate(row.token or "")
            return len(found)

    def _offered(self, wish: Wish) -> SignedText:
        transport = self._clients.transport(wish.name, wish.url, wish.token)
        nobody = Known("", wish.name, Pinned(0, ()))
        return RegistryClient(nobody, transport).keys()

    def _check(self, wish: Wish) -> None:
        found = []
        if not _NAME.fullmatch(wish.name):
            text = "Use small letters, digits and hyphens, at most 60, a letter or digit first."
            found.append(Finding("/name", "wrong_name", text))
        wrong = self._wrong_address(wish)
        if wrong:
            found.append(Finding("/url", "wrong_address", wrong))
        if found:
            raise ValidationFailed(found)

    def _wrong_address(self, wish: Wish) -> str:
        url = wish.url
        if url.startswith(FILE):
            return "" if url.startswith(f"{FILE}/") else "Write a file address with a whole path."
        if url.endswith("/") or "?" in url or "#" in url:
            return "Leave out what follows the address itself: a slash at its end, ? and #."
        try:
            self._guard.parse(url)
        except AddressRefused as error:
            return error.detail
        if wish.token and not url.startswith(("https://", *_LOOPBACK)):
            return "A token travels by https only."
        return ""

    def _store(self, work: Work, wish: Wish, pin: Pinned) -> RegistryRow:
        ensure_embedded(work)
        known = every_registry(work)
        if wish.name in {one.name for one in known} or wish.name == EMBEDDED_NAME:
            raise RegistryNameTaken(wish.name)
        row = RegistryRow(
            id=new_id("reg"),
            name=wish.name,
            url=wish.url,
            position=max(one.position for one in known) + 1,
            enabled=True,
            token=self._cipher.encrypt(wish.token) if wish.token else None,
            keys=pin.to_rows(),
            keys_serial=pin.serial,
            notices_serial=0,
            created_at=work.now,
        )
        work.session.add(row)
        work.session.flush()
        return row


def _first(name: str, offered: SignedText, fingerprint: str | None) -> Pinned:
    try:
        return first(offered, fingerprint)
    except Untrusted as error:
        raise RegistryRefused(
            name, error.detail, "Nothing was added. Compare the key with what its operator says."
        ) from error


def _named(work: Work, name: str) -> Facts:
    found = [one for one in every_registry(work) if name in {one.id, one.name}]
    return found[0] if found else facts_of(row_named(work, name))


def _bound_anywhere(works: Works, registry_id: str) -> int:
    with works.across_workspaces("count what comes from a registry") as work:
        return count_bound(work, registry_id)


def _move(work: Work, row: RegistryRow, position: int) -> None:
    order = [one for one in every_registry(work) if one.id != row.id]
    order.insert(max(0, min(position, len(order))), facts_of(row))
    places = {one.id: place for place, one in enumerate(order)}
    for each in work.session.scalars(select(RegistryRow)):
        each.position = places[each.id]


def _refuse_embedded(row: RegistryRow) -> None:
    if facts_of(row).embedded:
        raise Conflict("The registry of this installation is part of it and stays.")
