"""Taking a request in: found, believed, stored, answered; worked on afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.kernel.errors import AppError, NotFound, Unavailable
from geminicrm.kernel.work import Works
from geminicrm.webhooks.incoming.addresses import Addresses
from geminicrm.webhooks.incoming.doors_needed import AppDoor, Receiver, Receivers, Signing
from geminicrm.webhooks.incoming.entry import InboundWebhook
from geminicrm.webhooks.incoming.scheme import (
    Checking,
    Fetch,
    Item,
    Rejected,
    Reply,
    Request,
    Scheme,
    Verified,
)
from geminicrm.webhooks.incoming.storing import NoJson, Receipts

TAKEN: Final = Reply(status=200, body=b"", content_type="text/plain")
_AGAIN_SECONDS: Final = 30.0
_AWAY_SECONDS: Final = 600.0
_MASK: Final = "…"
_log = structlog.get_logger(__name__)


class Counts(Protocol):
    """Where requests are counted."""

    def webhook_received(self, extension_id: str, outcome: str) -> None:
        """Count one; outcome is taken, repeated, handshake, rejected, unknown or failed."""
        ...


class WebhookRefused(AppError):
    """A request that is not believed. It is told no reason: the log has that."""

    code = "webhook_refused"
    status = 401
    title = "Not accepted"

    def __init__(self, status: int) -> None:
        super().__init__("This webhook was not accepted.")
        self.status = status  # type: ignore[misc]  # the scheme says how its service is refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a request came: one connection's own address, or that of all of an integration."""

    token: str = ""
    receiver: Receiver | None = None
    apps: Sequence[AppDoor] = ()

    @property
    def extension_id(self) -> str:
        """Name the integration."""
        return self.receiver.extension_id if self.receiver else self.apps[0].extension_id

    @property
    def most_bytes(self) -> int:
        """Give how large a body may be."""
        entries = [one.entry for one in self.apps]
        if self.receiver is not None:
            entries.append(self.receiver.entry)
        return max(entry.max_bytes for entry in entries)


class Reception:
    """Receives requests of services; no transaction is open while one is checked."""

    def __init__(
        self,
        works: Works,
        addresses: Addresses,
        receivers: Receivers,
        schemes: Mapping[str, Scheme],
        fetch: Fetch,
        counts: Counts,
    ) -> None:
        self._works = works
        self._addresses = addresses
        self._receivers = receivers
        self._schemes = schemes
        self._fetch = fetch
        self._counts = counts
        self._receipts = Receipts(works)

    def door(self, service: str, token: str) -> Door:
        """Find where a request came, before it is read.

        Raises NotFound where nobody is, Unavailable where it is switched off or can't be known.
        """
        try:
            door = self._found(service, token)
        except SQLAlchemyError as error:
            raise self._away("", error) from error
        if door is None:
            self._counts.webhook_received("", "unknown")
            raise NotFound("webhook address", service if service.isascii() else _MASK)
        if door.receiver is not None and not door.receiver.running:
            self._counts.webhook_received(door.extension_id, "failed")
            raise Unavailable("It is switched off here: come again later.", _AWAY_SECONDS)
        return door

    def take(self, door: Door, request: Request) -> Reply:
        """Check a request, store what is in it, and say what it is answered.

        Raises WebhookRefused for one that is not believed, Unavailable where it can't be stored.
        """
        try:
            if door.receiver is not None:
                return self._take_of_one(door.receiver, request, door.token)
            return self._take_of_all(door.apps, request)
        except SQLAlchemyError as error:
            raise self._away(door.extension_id, error) from error

    def lacks_secret(self, receiver: Receiver) -> bool:
        """Tell whether nothing can be believed there, since no secret is filled in."""
        scheme = self._schemes.get(receiver.entry.scheme)
        return scheme is None or (scheme.needs_secret and not receiver.signing.secrets)

    def _found(self, service: str, token: str) -> Door | None:
        if not token:
            apps = self._receivers.apps(service)
            return Door(apps=apps) if apps else None
        place = self._addresses.find(token)
        if place is None:
            return None
        receiver = self._receivers.find(place.workspace_id, place.connection_id, place.webhook_id)
        if receiver is None or receiver.extension_id != service:
            return None
        return Door(token=token, receiver=receiver)

    def _take_of_one(self, receiver: Receiver, request: Request, token: str) -> Reply:
        shown = replace(request, url=request.url.replace(token, _MASK))
        try:
            verified = self._verified(receiver.entry, receiver.signing, request)
            return self._kept(receiver, shown, verified)
        except Rejected as error:
            self._receipts.refuse(receiver, shown, error)
            raise self._refused(receiver.extension_id, error) from error

    def _take_of_all(self, apps: Sequence[AppDoor], request: Request) -> Reply:
        """Take what is signed with the operator's secret, for the connections that it names."""
        rejected: Rejected | None = None
        for app in apps:
            try:
                verified = self._verified(app.entry, app.signing, request)
            except Rejected as error:
                rejected = rejected or error
            else:
                return self._shared_out(app, request, verified)
        wrong = rejected or Rejected("signature", "Nothing believes it.")
        raise self._refused(apps[0].extension_id, wrong) from wrong

    def _shared_out(self, app: AppDoor, request: Request, verified: Verified) -> Reply:
        if verified.reply is not None:
            self._counts.webhook_received(app.extension_id, "handshake")
            return verified.reply
        by_account: dict[str, list[Item]] = {}
        for item in verified.items:
            by_account.setdefault(_account(item.data, app.entry.account), []).append(item)
        for account, items in by_account.items():
            receivers = self._receivers.of_account(app, account) if account else ()
            for receiver in receivers:
                self._keep(receiver, request, items)
            if not receivers:
                # The service is told nothing of who uses it here, and need not come again.
                self._counts.webhook_received(app.extension_id, "unknown")
        return TAKEN

    def _verified(self, entry: InboundWebhook, signing: Signing, request: Request) -> Verified:
        """Believe it, or raise Rejected."""
        scheme = self._schemes.get(entry.scheme)
        if scheme is None:
            raise Rejected("secret", f"This server knows no scheme {entry.scheme!r}.")
        if scheme.needs_secret and not signing.secrets:
            raise Rejected("secret", "No secret is filled in to check it with.")
        checking = Checking(
            secrets=signing.secrets,
            now=self._works.clock.now().timestamp(),
            options=dict(signing.options),
            fetch=self._fetch,
        )
        try:
            return scheme.verify(request, checking)
        except Rejected:
            raise
        except Exception as error:  # border: what a scheme can't read is not believed
            _log.error("a scheme failed over a webhook", scheme=entry.scheme, exc_info=error)
            raise Rejected("body", "It can't be read.", 400) from error

    def _kept(self, receiver: Receiver, request: Request, verified: Verified) -> Reply:
        if verified.reply is not None:
            self._receipts.keep(receiver, request, ())
            self._counts.webhook_received(receiver.extension_id, "handshake")
            return verified.reply
        self._keep(receiver, request, verified.items)
        return TAKEN

    def _keep(self, receiver: Receiver, request: Request, items: Sequence[Item]) -> None:
        try:
            fresh = self._receipts.keep(receiver, request, items)
        except NoJson as error:
            raise Rejected("body", "It holds what JSON can't.", 400) from error
        outcome = "taken" if fresh or not items else "repeated"
        self._counts.webhook_received(receiver.extension_id, outcome)

    def _refused(self, extension_id: str, error: Rejected) -> WebhookRefused:
        self._counts.webhook_received(extension_id, "rejected")
        return WebhookRefused(error.status)

    def _away(self, extension_id: str, error: SQLAlchemyError) -> Unavailable:
        self._counts.webhook_received(extension_id, "failed")
        _log.error("the database fails a webhook", extension_id=extension_id, error=str(error))
        return Unavailable("It could not be stored: send it again.", _AGAIN_SECONDS)


def _account(data: Any, path: str) -> str:
    """Give what stands at `a.b` in an event, as text; "" where nothing does."""
    for name in path.split("."):
        data = data.get(name) if isinstance(data, Mapping) else None
    if isinstance(data, Sequence) and not isinstance(data, str):
        data = data[0] if data else None  # a field of a form
    return str(data) if isinstance(data, str | int) else ""
