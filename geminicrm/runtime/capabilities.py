"""Capabilities: the core asks for what it needs, never for a vendor."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from extensions.sdk.capabilities.calling import result_of, sent
from extensions.sdk.capabilities.catalogue import CONNECTION
from extensions.sdk.errors import SdkError
from extensions.sdk.hookspecs import BUDGET_SECONDS
from extensions.sdk.service_errors import (
    NotConnected,
    OutcomeUnknown,
    ServiceError,
    ServiceUnavailable,
)
from geminicrm.connections.table import Connected, ConnectionTable
from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.live import Installed

_HOOK = "run_operation"
_PATIENCE_SECONDS = 5.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Provider:
    """A connection of an installed integration that provides a capability."""

    installed: Installed
    connection: Connected


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One operation of a capability; `connection_id` names the one to use, if not the usual."""

    capability: str
    operation: str
    arguments: Mapping[str, Any]
    connection_id: str | None = None


class Capabilities:
    """Finds who provides a capability in a workspace, and has it do an operation."""

    def __init__(self, convergence: Convergence, calls: Calls, table: ConnectionTable) -> None:
        self._convergence = convergence
        self._calls = calls
        self._table = table

    def providers(
        self, workspace_id: str, capability: str, user_id: str | None = None
    ) -> tuple[Provider, ...]:
        """Give the usual connection of each provider; a user's own come first, then live ones.

        All are live, or all are for tests, as the first one is: what fails with live data is never
        tried again with test data, as if that had done it.
        """
        found = []
        for installed in self._hooked(workspace_id):
            if capability in installed.manifest.provides:
                usual = self._table.usual(installed.id, user_id)
                found += [Provider(installed, usual)] if usual is not None else []
        found.sort(key=lambda one: (one.connection.owner_id is None, _is_test(one)))
        return tuple(one for one in found if _is_test(one) == _is_test(found[0]))

    def everywhere(self, capability: str) -> Iterator[Provider]:
        """Give every active connection that provides a capability, of all workspaces."""
        for installed in self._convergence.current().by_id.values():
            if capability in installed.manifest.provides and _HOOK in installed.loaded.hooks:
                for connection in self._table.all(installed.id):
                    yield from (Provider(installed, connection),) if connection.active else ()

    def provides(self, workspace_id: str, connection_id: str, capability: str) -> bool:
        """Tell whether a connection, active or not, is one of a provider of a capability."""
        return any(
            capability in installed.manifest.provides
            and self._table.find(installed.id, connection_id) is not None
            for installed in self._hooked(workspace_id)
        )

    def ask(self, actor: Actor, asked: Asked) -> tuple[Provider, Any]:
        """Have it done; give who did it, and what came of it in the classes of the contract.

        Where nobody chose a connection the next provider is asked after one that has certainly not
        accepted. Raises NotConnected, the ServiceError of the last one, OutcomeUnknown where an
        extension failed half way.
        """
        problem: SdkError = NotConnected(asked.capability)
        for provider in self._candidates(actor, asked):
            try:
                return provider, self.ask_one(actor, provider, asked)
            except ServiceError as error:
                problem = error
                if error.accepted != "no":
                    break
            except NotConnected as error:
                problem = error
        raise problem

    def ask_one(self, actor: Actor, provider: Provider, asked: Asked) -> Any:
        """Have one provider do it. Raises ServiceError and other errors of the SDK."""
        installed = provider.installed
        hook = installed.loaded.hooks[_HOOK]
        call = CallContext(
            installed,
            actor,
            f"{asked.capability}.{asked.operation}",
            BUDGET_SECONDS[_HOOK],
            (SdkError,),
            patience=_PATIENCE_SECONDS,
            connection=provider.connection.id,
        )
        plain = sent(asked.arguments)
        try:
            found = self._calls.run_with_deadline(
                call,
                lambda: result_of(
                    asked.capability,
                    asked.operation,
                    hook.call(asked.capability, asked.operation, plain),
                ),
            )
        except Unavailable as error:  # its code did not run
            raise ServiceUnavailable(error.detail, mend="It is tried again later.") from error
        except ExtensionFailed as error:
            raise OutcomeUnknown(f"{installed.name} failed half way: {error.reason}") from error
        return found

    def find(self, workspace_id: str, extension_id: str, connection_id: str) -> Provider | None:
        """Give a connection with the installation that serves it; None where it does not run."""
        installed = self._convergence.find(workspace_id, extension_id)
        if installed is None or _HOOK not in installed.loaded.hooks:
            return None
        connection = self._table.find(installed.id, connection_id)
        return Provider(installed, connection) if connection is not None else None

    def _candidates(self, actor: Actor, asked: Asked) -> Iterator[Provider]:
        user_id = getattr(actor, "user_id", None)
        if asked.connection_id is None:
            yield from self.providers(actor.workspace_id, asked.capability, user_id)
            return
        for installed in self._hooked(actor.workspace_id):
            if asked.capability in (CONNECTION, *installed.manifest.provides):
                chosen = self._table.find(installed.id, asked.connection_id)
                yield from () if chosen is None else (Provider(installed, chosen),)

    def _hooked(self, workspace_id: str) -> tuple[Installed, ...]:
        return self._convergence.current().with_hook(workspace_id, _HOOK)


def _is_test(provider: Provider) -> bool:
    return provider.connection.environment == "test"
