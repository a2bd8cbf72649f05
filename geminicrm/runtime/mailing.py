"""Mail through whoever provides the capability `email`: implements what the mail room needs."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from extensions.sdk.capabilities.email import Mail, MailPage, SentMail
from extensions.sdk.service_errors import NotConnected
from geminicrm.kernel.work import Actor
from geminicrm.runtime.capabilities import Capabilities
from geminicrm.runtime.providers import Asked

_EMAIL = "email"
_MAILBOX = "mailbox"


class CapabilityMailer:
    """Implements Mailer and Senders, and names the Accounts."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities

    def send(
        self, actor: Actor, mail: Mail, connection_id: str | None
    ) -> tuple[str, str, SentMail]:
        """Send; give the provider, the connection, and what came of it.

        Raises NotConnected, ServiceError.
        """
        asked = Asked(
            capability=_EMAIL,
            operation="send",
            arguments={"mail": mail},
            connection_id=connection_id,
        )
        provider, sent = self._capabilities.ask(actor, asked)
        return provider.installed.extension_id, provider.connection.id, sent

    def accounts(self, actor: Actor) -> Sequence[tuple[str, str]]:
        """Name the connections that somebody can send through: the workspace's and his own."""
        user_id = getattr(actor, "user_id", None)
        usual = self._capabilities.providers(actor.workspace_id, _EMAIL, user_id)
        others = (
            one
            for one in self._capabilities.everywhere(_EMAIL)
            if one.installed.workspace_id == actor.workspace_id
            and one.connection.owner_id in {None, user_id}
        )
        found = dict.fromkeys((one.connection.id, one.connection.name) for one in (*usual, *others))
        return list(found)

    def sends_mail(self, workspace_id: str, connection_id: str) -> bool:
        """Tell whether a connection is one that sends mail, well or not."""
        return self._capabilities.provides(workspace_id, connection_id, _EMAIL)


class CapabilityMailboxes:
    """Implements Mailboxes."""

    def __init__(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities

    def all(self) -> Iterable[tuple[str, str]]:
        """Give workspace and connection of each that is active, whoever it belongs to."""
        for provider in self._capabilities.everywhere(_MAILBOX):
            yield provider.installed.workspace_id, provider.connection.id

    def personal(self, connection_id: str) -> bool:
        """Tell whether it belongs to one person; yes where that is not known."""
        return connection_id not in {
            one.connection.id
            for one in self._capabilities.everywhere(_MAILBOX)
            if one.connection.owner_id is None
        }

    def fetch(
        self, actor: Actor, connection_id: str, cursor: str, limit: int, since: datetime
    ) -> MailPage:
        """Give the next page. Raises NotConnected, ServiceError.

        A job may still wait for a mailbox that was taken out of use meanwhile: it reads no more.
        """
        active = {one.connection.id for one in self._capabilities.everywhere(_MAILBOX)}
        if connection_id not in active:
            raise NotConnected(_MAILBOX)
        asked = Asked(
            capability=_MAILBOX,
            operation="fetch",
            arguments={"cursor": cursor, "limit": limit, "since": since},
            connection_id=connection_id,
        )
        page: MailPage = self._capabilities.ask(actor, asked)[1]
        return page
