"""What an extension asks of others: providers of a capability, and their operations.

Needs `use:<capability>` in the manifest. `self.app.capabilities.ask(...)` says who did it; for
typed calls take `using(self.app.capabilities, "email").send(mail)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, overload

from extensions.sdk.capabilities.ai import Ai
from extensions.sdk.capabilities.automation import Automation
from extensions.sdk.capabilities.calendar import Calendars
from extensions.sdk.capabilities.calling import by_name
from extensions.sdk.capabilities.chat import Chat
from extensions.sdk.capabilities.crm_sync import CrmSync
from extensions.sdk.capabilities.email import Email, Mailbox
from extensions.sdk.capabilities.payments import Payments
from extensions.sdk.capabilities.sms import Sms
from extensions.sdk.capabilities.storage import FileStorage
from extensions.sdk.capabilities.video import Video
from extensions.sdk.capabilities.voice import Voice

MAX_ARGUMENTS_BYTES: Final = 1024 * 1024
"""The most that arguments or a result of an extension's own capability have as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderInfo:
    """Who could be asked: an extension, and the connection that it would use.

    `service` is the extension's id; `connection_id` and `connection` (its name) are "" for an
    extension that signs in nowhere.
    """

    service: str
    name: str
    connection_id: str = ""
    connection: str = ""
    environment: Literal["live", "test"] = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came of an operation, and who did it."""

    result: Any
    provider: ProviderInfo


class CapabilitiesDoor(Protocol):
    """What the other extensions of the workspace provide; never the asking extension itself."""

    def providers(self, capability: str) -> tuple[ProviderInfo, ...]:
        """Give those who would be asked, in that order: all live, or all for tests.

        Raises `PermissionDenied` without `use:<capability>`, `Invalid` for one that nobody knows.
        """

    def ask(
        self,
        capability: str,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        connection_id: str = "",
    ) -> Answered:
        """Have an operation done, by the provider with this connection if one is given.

        The result is in the classes of the contract; plain data for an extension's own capability.
        The next provider is asked only where one has certainly not accepted, and nobody else where
        you chose. Raises as `providers`, `NotConnected` where nobody provides it, `Invalid` for
        wrong arguments, and the provider's `ServiceError`.
        """


class Using:
    """Stands for the providers of a capability: its operations are methods of this."""

    def __init__(self, door: CapabilitiesDoor, capability: str, connection_id: str) -> None:
        self._door = door
        self._capability = capability
        self._connection_id = connection_id

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        if operation.startswith("_"):
            raise AttributeError(operation)

        def call(*given: Any, **named: Any) -> Any:
            arguments = by_name(self._capability, operation, given, named)
            answered = self._door.ask(
                self._capability, operation, arguments, connection_id=self._connection_id
            )
            return answered.result

        return call


@overload
def using(door: CapabilitiesDoor, capability: Literal["ai"], connection_id: str = "") -> Ai: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["automation"], connection_id: str = ""
) -> Automation: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["calendar"], connection_id: str = ""
) -> Calendars: ...
@overload
def using(door: CapabilitiesDoor, capability: Literal["chat"], connection_id: str = "") -> Chat: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["crm_sync"], connection_id: str = ""
) -> CrmSync: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["email"], connection_id: str = ""
) -> Email: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["mailbox"], connection_id: str = ""
) -> Mailbox: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["payments"], connection_id: str = ""
) -> Payments: ...
@overload
def using(door: CapabilitiesDoor, capability: Literal["sms"], connection_id: str = "") -> Sms: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["storage"], connection_id: str = ""
) -> FileStorage: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["video"], connection_id: str = ""
) -> Video: ...
@overload
def using(
    door: CapabilitiesDoor, capability: Literal["voice"], connection_id: str = ""
) -> Voice: ...
@overload
def using(door: CapabilitiesDoor, capability: str, connection_id: str = "") -> Any: ...
def using(door: CapabilitiesDoor, capability: str, connection_id: str = "") -> Any:
    """Give the operations of a capability as methods, with the types of its contract.

    Each asks as `CapabilitiesDoor.ask` does, and raises as that.
    """
    return Using(door, capability, connection_id)
