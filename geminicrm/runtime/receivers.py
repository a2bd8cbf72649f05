"""Who receives webhooks: implements what their room asks for, from installations and connections.

Read from the database and not from what runs: what comes in while an extension is not served here
is believed and kept, and waits for it.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from geminicrm.connections.models import Connection
from geminicrm.connections.services import Service, Values
from geminicrm.connections.table import Connected, connected
from geminicrm.kernel.crypto import DecryptionFailed
from geminicrm.kernel.generation import CONNECTIONS, RUNTIME, Generations
from geminicrm.kernel.work import Work, Works
from geminicrm.runtime.connection_values import ConnectionValues
from geminicrm.runtime.manifest_build import build_manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.services import service_of
from geminicrm.webhooks.incoming.doors_needed import AppDoor, Receiver, Signing
from geminicrm.webhooks.incoming.entry import InboundWebhook

_MOST_KNOWN: Final = 1000


@dataclass(frozen=True, slots=True)
class _Known:
    """A connection with its installation, as they were read together."""

    row: Installation
    service: Service
    entries: tuple[InboundWebhook, ...]
    connection: Connected


class InstalledReceivers:
    """Implements Receivers; what was read is kept until the generations rise."""

    def __init__(self, works: Works, generations: Generations, values: ConnectionValues) -> None:
        self._works = works
        self._generations = generations
        self._values = values
        self._lock = threading.Lock()
        self._seen = (-1, -1)
        self._known: dict[tuple[str, str], _Known] = {}

    def entries(self, workspace_id: str, extension_id: str) -> Sequence[InboundWebhook]:
        """Give the webhooks with a scheme that an installed integration takes."""
        with self._works.across_workspaces("webhooks: what an integration takes") as work:
            row = work.session.scalar(
                select(Installation).where(
                    Installation.workspace_id == workspace_id,
                    Installation.extension_id == extension_id,
                )
            )
            return build_manifest(row.manifest).taken_webhooks if row is not None else ()

    def find(self, workspace_id: str, connection_id: str, webhook_id: str) -> Receiver | None:
        """Give a connection for one of its webhooks; None where there is none any more."""
        known = self._of(workspace_id, connection_id)
        if known is None:
            return None
        entry = next((one for one in known.entries if one.id == webhook_id), None)
        return self._receiver(known, entry) if entry is not None else None

    def apps(self, extension_id: str) -> Sequence[AppDoor]:
        """Give what an integration takes for all its connections with the operator's secrets.

        Workspaces may have other versions of it, and other secrets: each is a door of its own.
        """
        found: dict[tuple[str, Signing], AppDoor] = {}
        for service, entries in self._installations(extension_id):
            lent = self._values.lent(service)
            for entry in entries:
                signing = _signing(entry, lent)
                if entry.account and signing.secrets:
                    door = AppDoor(extension_id=extension_id, entry=entry, signing=signing)
                    found.setdefault((entry.id, signing), door)
        return tuple(found.values())

    def of_account(self, door: AppDoor, account: str) -> Sequence[Receiver]:
        """Give the connections of an account whose own secret is the one that it was signed with.

        A connection that has a secret of its own belongs to another app: its events come by
        another address.
        """
        with self._works.across_workspaces("webhooks: whose account it is") as work:
            rows = work.session.execute(
                select(Connection.workspace_id, Connection.id).where(
                    Connection.extension_id == door.extension_id,
                    Connection.account_id == account,
                    Connection.active,
                )
            ).all()
        found = (self.find(one.workspace_id, one.id, door.entry.id) for one in rows)
        return tuple(
            one
            for one in found
            if one is not None and one.running and one.signing.secrets == door.signing.secrets
        )

    def _of(self, workspace_id: str, connection_id: str) -> _Known | None:
        seen = (self._generations.get(RUNTIME), self._generations.get(CONNECTIONS))
        with self._lock:
            if seen != self._seen or len(self._known) >= _MOST_KNOWN:
                self._known, self._seen = {}, seen
            known = self._known
        place = (workspace_id, connection_id)
        if place not in known:
            found = self._read(workspace_id, connection_id)
            if found is None:
                return None
            # A dictionary that was replaced meanwhile takes what is old with it.
            known[place] = found
        return known[place]

    def _read(self, workspace_id: str, connection_id: str) -> _Known | None:
        with self._works.across_workspaces("webhooks: who receives them") as work:
            one = work.session.get(Connection, connection_id)
            row = work.session.get(Installation, one.installation_id) if one is not None else None
            if one is None or row is None or one.workspace_id != workspace_id:
                return None
            manifest = build_manifest(row.manifest)
            service = service_of(manifest, row.id, row.workspace_id, enabled=row.enabled)
            return _Known(row, service, manifest.taken_webhooks, connected(one))

    def _installations(
        self, extension_id: str
    ) -> Sequence[tuple[Service, tuple[InboundWebhook, ...]]]:
        with self._works.across_workspaces("webhooks: who uses an integration") as work:
            return [_taken(row) for row in _enabled(work, extension_id)]

    def _receiver(self, known: _Known, entry: InboundWebhook) -> Receiver:
        one = known.connection
        try:
            signing = _signing(entry, self._values.of(known.service, known.row, one))
        except DecryptionFailed:
            signing = Signing(secrets=())  # a key is lost: nothing can be believed
        return Receiver(
            workspace_id=one.workspace_id,
            connection_id=one.id,
            owner_id=one.owner_id,
            installation_id=one.installation_id,
            extension_id=one.extension_id,
            entry=entry,
            signing=signing,
            running=known.service.enabled and one.active,
        )


def _enabled(work: Work, extension_id: str) -> Sequence[Installation]:
    query = select(Installation).where(
        Installation.extension_id == extension_id, Installation.enabled
    )
    return work.session.scalars(query.order_by(Installation.id)).all()


def _taken(row: Installation) -> tuple[Service, tuple[InboundWebhook, ...]]:
    manifest = build_manifest(row.manifest)
    return service_of(manifest, row.id, row.workspace_id), manifest.taken_webhooks


def _signing(entry: InboundWebhook, values: Values) -> Signing:
    secrets = tuple(values.secrets[name] for name in entry.secrets if values.secrets.get(name))
    named: Mapping[str, str] = {
        option: str(values.plain.get(setting) or values.secrets.get(setting) or "")
        for option, setting in entry.option_settings.items()
    }
    options = {**entry.options, **{name: one for name, one in named.items() if one}}
    return Signing(secrets=secrets, options=tuple(sorted(options.items())))
