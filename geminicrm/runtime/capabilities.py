"""Capabilities: the core asks for what it needs, never for a vendor."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import structlog

from extensions.sdk.capabilities.calling import result_of, sent
from extensions.sdk.capabilities.catalogue import CONNECTION, is_own
from extensions.sdk.errors import SdkError
from extensions.sdk.service_errors import (
    NotConnected,
    OutcomeUnknown,
    ServiceError,
    ServiceUnavailable,
)
from geminicrm.connections.table import ENVIRONMENTS, ConnectionTable
from geminicrm.kernel.errors import Unavailable
from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.calls import Calls
from geminicrm.runtime.convergence import Convergence
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.live import Installed
from geminicrm.runtime.own_capabilities import operation_of
from geminicrm.runtime.providers import Asked, Provider, alike, order

_HOOK = "run_operation"
_PATIENCE_SECONDS = 5.0
_log = structlog.get_logger(__name__)


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
        return alike(self.usual(workspace_id, capability, user_id))

    def usual(
        self,
        workspace_id: str,
        capability: str,
        user_id: str | None = None,
        environments: Sequence[str] = ENVIRONMENTS,
    ) -> list[Provider]:
        """Give the usual connection of each provider, live ones first, then a user's own."""
        found = []
        for installed in self._providing(workspace_id, capability):
            if not installed.manifest.is_integration:
                found.append(Provider(installed, None))
                continue
            usual = self._table.usual(installed.id, user_id, environments)
            found += [Provider(installed, usual)] if usual is not None else []
        return sorted(found, key=order)

    def chosen(
        self, workspace_id: str, capability: str, connection_id: str, user_id: str | None
    ) -> Provider | None:
        """Give the provider with an active connection, of the workspace's or the user's own."""
        for installed in self._providing(workspace_id, capability):
            found = self._table.find(installed.id, connection_id)
            if found is not None and found.active and found.owner_id in {None, user_id}:
                return Provider(installed, found)
        return None

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
        return self.ask_first(actor, asked, self._candidates(actor, asked))

    def ask_first(
        self, actor: Actor, asked: Asked, providers: Iterable[Provider]
    ) -> tuple[Provider, Any]:
        """As `ask`, of these, one after the other."""
        problem: SdkError = NotConnected(asked.capability)
        for provider in providers:
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
        """Have one provider do it. Raises ServiceError and other errors of the SDK.

        UnknownOperation for what nobody has declared.
        """
        plain, read = self._meant(actor.workspace_id, asked)
        installed = provider.installed
        hook = installed.loaded.hooks[_HOOK]
        call = CallContext(
            installed,
            actor,
            f"{asked.capability}.{asked.operation}",
            asked.seconds,
            (SdkError,),
            patience=min(_PATIENCE_SECONDS, asked.seconds),
            connection=provider.used.id if provider.used is not None else None,
        )
        try:
            found = self._calls.run_with_deadline(
                call, lambda: read(hook.call(asked.capability, asked.operation, plain))
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

    def _meant(
        self, workspace_id: str, asked: Asked
    ) -> tuple[dict[str, Any], Callable[[Any], Any]]:
        """Give the arguments as they travel, and what makes the result of what comes back."""
        if not is_own(asked.capability):
            return sent(asked.arguments), partial(result_of, asked.capability, asked.operation)
        table = self._convergence.current()
        declared = operation_of(table, workspace_id, asked.capability, asked.operation)
        return declared.arguments(asked.arguments), declared.result

    def _providing(self, workspace_id: str, capability: str) -> Iterator[Installed]:
        for installed in self._hooked(workspace_id):
            own = is_own(capability) or installed.manifest.is_integration
            if own and capability in installed.manifest.provides:
                yield installed

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
