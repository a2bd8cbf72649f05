"""What the room of connections has integrations do: sign in, answer questions, leave."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from extensions.sdk.capabilities.calling import operations_of
from extensions.sdk.capabilities.catalogue import CAPABILITIES, CONNECTION
from extensions.sdk.connection import Account
from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import NotConnected
from geminicrm.connections.table import Connected
from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.capabilities import Capabilities
from geminicrm.runtime.context import ExtensionContext
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.live import Installed
from geminicrm.runtime.own_capabilities import declared
from geminicrm.runtime.providers import Asked

READING: Final = ("find_", "get_", "list_", "read_", "search_", "status", "test_")
"""How operations of the core's capabilities begin that change nothing."""
_SECONDS: Final = 30.0
_PATIENCE_SECONDS: Final = 5.0


class ConnectionCalls:
    """Asks the integration of one connection; each raises SdkError."""

    def __init__(
        self,
        capabilities: Capabilities,
        convergence: Convergence,
        calls: Calls,
        context: Callable[[str], ExtensionContext],
        find: Callable[[str, str], Connected | None],
    ) -> None:
        """`context` gives the doors of an extension, `find` a connection of an installation."""
        self._capabilities = capabilities
        self._convergence = convergence
        self._calls = calls
        self._context = context
        self._find = find

    def sign_in(self, actor: Actor, connection_id: str) -> Account:
        """Have it ask the service who we are."""
        found: Account = self._ask(actor, connection_id, CONNECTION, "test_connection", {})
        return found

    def connect(self, actor: Actor, connection_id: str) -> Account:
        """Have it take the connection up."""
        found: Account = self._ask(actor, connection_id, CONNECTION, "connect", {})
        return found

    def authorization_address(self, actor: Actor, connection_id: str, address: str) -> str:
        """Have it add to the address of a sign-in; without its code the manifest's goes."""
        try:
            found: str = self._ask(
                actor, connection_id, CONNECTION, "authorization_address", {"address": address}
            )
        except NotConnected:
            return address
        return found

    def exchange_code(self, actor: Actor, connection_id: str) -> Mapping[str, str]:
        """Have it say what goes with the code of a sign-in; nothing without its code."""
        try:
            found: Mapping[str, str] = self._ask(
                actor, connection_id, CONNECTION, "exchange_code", {}
            )
        except NotConnected:
            return {}
        return found

    def end(self, actor: Actor, connection_id: str) -> None:
        """Have it take back at the service what it set up there."""
        self._ask(actor, connection_id, CONNECTION, "end_connection", {})

    def get(self, actor: Actor, connection_id: str, url: str) -> HttpResponse:
        """Send a GET as the integration would: to its hosts only, with the credentials."""
        installed = self._installed(actor, connection_id)
        http = self._context(installed.extension_id).http
        call = CallContext(
            installed,
            actor,
            "explorer",
            _SECONDS,
            (SdkError,),
            patience=_PATIENCE_SECONDS,
            connection=connection_id,
        )
        return self._calls.run(call, lambda: http.request("GET", url))

    def operations(self, actor: Actor, connection_id: str) -> tuple[str, ...]:
        """Name those that change nothing, each as `capability.operation`."""
        provides = self._installed(actor, connection_id).manifest.provides
        return tuple(
            f"{capability}.{operation}"
            for capability in (CONNECTION, *provides)
            for operation in self._reading(actor.workspace_id, capability)
        )

    def _reading(self, workspace_id: str, capability: str) -> Iterator[str]:
        if capability in CAPABILITIES:
            yield from (one for one in operations_of(capability) if one.startswith(READING))
            return
        own = declared(self._convergence.current(), workspace_id, capability)
        yield from (one.name for one in (own.operations if own else ()) if not one.changes)

    def read(
        self, actor: Actor, connection_id: str, operation: str, arguments: Mapping[str, object]
    ) -> str:
        """Have an operation done; give what came of it as JSON."""
        capability, _, name = operation.rpartition(".")
        found = self._ask(actor, connection_id, capability, name, arguments)
        return msgspec.json.format(msgspec.json.encode(found), indent=2).decode()

    def _ask(
        self,
        actor: Actor,
        connection_id: str,
        capability: str,
        operation: str,
        arguments: Mapping[str, object],
    ) -> Any:
        asked = Asked(
            capability=capability,
            operation=operation,
            arguments=arguments,
            connection_id=connection_id,
        )
        return self._capabilities.ask(actor, asked)[1]

    def _installed(self, actor: Actor, connection_id: str) -> Installed:
        for installed in self._convergence.current().by_id.values():
            mine = installed.workspace_id == actor.workspace_id
            if mine and self._find(installed.id, connection_id) is not None:
                return installed
        raise NotConnected("This service")
