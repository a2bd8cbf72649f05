"""The addresses at which connections take webhooks: made when first asked for, and renewed."""

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from geminicrm.kernel.crypto import Cipher, hash_token
from geminicrm.kernel.generation import CONNECTIONS, Generations
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.work import Actor, Work, Works
from geminicrm.webhooks.incoming.doors_needed import Receivers
from geminicrm.webhooks.incoming.models import WebhookAddress

BASE: Final = "/api/webhooks"
OLD_HOLDS: Final = timedelta(hours=24)
"""So long requests are taken at the address before, while the service is told of the new one."""
_TOKEN_BYTES: Final = 24
_MOST_KNOWN: Final = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Whose address somebody came to; one before the present holds `until` then."""

    workspace_id: str
    connection_id: str
    webhook_id: str
    until: datetime | None = None


class Addresses:
    """Makes, finds and renews them; the random part has 192 bits and is kept sealed."""

    def __init__(
        self, works: Works, generations: Generations, cipher: Cipher, receivers: Receivers
    ) -> None:
        self._works = works
        self._generations = generations
        self._cipher = cipher
        self._receivers = receivers
        self._lock = threading.Lock()
        self._seen = -1
        self._known: dict[str, Place] = {}

    def paths(
        self, actor: Actor, extension_id: str, connection_id: str
    ) -> Sequence[tuple[str, str]]:
        """Give what to call each address of a connection, and its path.

        The caller has seen that the actor may change the connection.
        """
        entries = self._receivers.entries(actor.workspace_id, extension_id)
        several = len(entries) > 1
        found = []
        for entry in entries:
            token = self._token(actor, connection_id, entry.id)
            label = f"Webhook address: {entry.description or entry.id}"
            path = f"{BASE}/{extension_id}/{token}"
            found.append((label if several else "Webhook address", path))
        return found

    def find(self, token: str) -> Place | None:
        """Give whose address has this token, or had it until a moment ago."""
        hashed = hash_token(token)
        generation = self._generations.get(CONNECTIONS)
        with self._lock:
            if generation != self._seen or len(self._known) >= _MOST_KNOWN:
                self._known, self._seen = {}, generation
            known = self._known
        place = known.get(hashed) or self._read(hashed)
        if place is None or (place.until is not None and place.until <= self._works.clock.now()):
            return None
        known[hashed] = place
        return place

    def _read(self, hashed: str) -> Place | None:
        with self._works.across_workspaces("webhooks: whose address it is") as work:
            row = work.session.scalar(
                select(WebhookAddress).where(
                    or_(WebhookAddress.token_hash == hashed, WebhookAddress.old_hash == hashed)
                )
            )
            return None if row is None else _place(row, hashed)

    def renew(self, work: Work, connection_id: str) -> int:
        """Give a connection new addresses; tell how many. The ones before hold for a day.

        The caller has seen that the actor may change the connection.
        """
        rows = work.session.scalars(
            select(WebhookAddress).where(WebhookAddress.connection_id == connection_id)
        ).all()
        for row in rows:
            token = secrets.token_urlsafe(_TOKEN_BYTES)
            row.old_hash, row.old_until = row.token_hash, work.now + OLD_HOLDS
            row.token_hash, row.token = hash_token(token), self._cipher.encrypt(token)
        if rows:
            self._generations.bump(work, CONNECTIONS)
            work.audit("integration.webhook_address_renewed", connection_id, {})
        return len(rows)

    def _token(self, actor: Actor, connection_id: str, webhook_id: str) -> str:
        found = self._stored(actor, connection_id, webhook_id)
        if found is None:
            self._make(actor, connection_id, webhook_id)
            found = self._stored(actor, connection_id, webhook_id) or ""
        return self._cipher.decrypt(found)

    def _stored(self, actor: Actor, connection_id: str, webhook_id: str) -> str | None:
        with self._works.read(actor) as work:
            return work.session.scalar(
                select(WebhookAddress.token).where(
                    WebhookAddress.connection_id == connection_id,
                    WebhookAddress.webhook_id == webhook_id,
                )
            )

    def _make(self, actor: Actor, connection_id: str, webhook_id: str) -> None:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        try:
            with self._works.write(actor) as work:
                work.session.add(
                    WebhookAddress(
                        id=new_id("wha"),
                        workspace_id=work.workspace_id,
                        connection_id=connection_id,
                        webhook_id=webhook_id,
                        token_hash=hash_token(token),
                        token=self._cipher.encrypt(token),
                        created_at=work.now,
                    )
                )
        except IntegrityError:
            return  # somebody else has opened the page at the same moment, and made it


def reencrypt(works: Works, cipher: Cipher) -> int:
    """Encrypt all tokens with the first key; give how many. Raises DecryptionFailed."""
    with works.across_workspaces("webhooks: encrypt addresses anew", write=True) as work:
        rows = work.session.scalars(select(WebhookAddress)).all()
        for row in rows:
            row.token = cipher.rotate(row.token)
        return len(rows)


def _place(row: WebhookAddress, hashed: str) -> Place:
    until = None if row.token_hash == hashed else row.old_until
    return Place(row.workspace_id, row.connection_id, row.webhook_id, until)
