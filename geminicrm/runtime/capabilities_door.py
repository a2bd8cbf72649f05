"""`app.capabilities` in process: what an extension asks of the others in its workspace."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from extensions.sdk import errors as sdk
from extensions.sdk.capabilities.calling import UnknownOperation, read, sent
from extensions.sdk.capabilities.catalogue import is_own
from extensions.sdk.capabilities.using import Answered, ProviderInfo
from extensions.sdk.hookspecs import BUDGET_SECONDS
from extensions.sdk.service_errors import NotConnected, ServiceUnavailable
from geminicrm.connections.table import ENVIRONMENTS
from geminicrm.kernel.work import Actor
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.connecting import Connecting
from geminicrm.runtime.dry_doors import noted
from geminicrm.runtime.providers import TEST, Asked, Provider, alike

_LONGEST = BUDGET_SECONDS["run_operation"]
_SHARE = 0.9  # of the time that the call has left: the rest is for what comes of it


class Providers(Protocol):
    """Who provides what; `runtime.capabilities` knows."""

    def usual(
        self,
        workspace_id: str,
        capability: str,
        user_id: str | None = None,
        environments: Sequence[str] = ENVIRONMENTS,
    ) -> list[Provider]:
        """Give the usual connection of each provider, live ones first, then a user's own."""
        ...

    def chosen(
        self, workspace_id: str, capability: str, connection_id: str, user_id: str | None
    ) -> Provider | None:
        """Give the provider with an active connection, of the workspace's or the user's own."""
        ...

    def ask_first(
        self, actor: Actor, asked: Asked, providers: Iterable[Provider]
    ) -> tuple[Provider, Any]:
        """Ask one after the other, as long as each has certainly not accepted."""
        ...


class ExtensionCapabilities:
    """Implements the SDK's CapabilitiesDoor.

    Whoever provides works with no more rights than the asking extension has: its grant, cut down to
    that of the other and of the person behind it.
    """

    door = "capabilities"

    def __init__(
        self,
        capabilities: Callable[[], Providers],
        connecting: Connecting,
        call: Callable[[], CallContext],
    ) -> None:
        self._capabilities = capabilities
        self._connecting = connecting
        self._call = call

    def providers(self, capability: str) -> tuple[ProviderInfo, ...]:
        """Give those who would be asked, in that order. Raises PermissionDenied."""
        call = self._permitted(capability)
        return tuple(_info(one) for one in self._usual(call, capability))

    @noted
    def ask(
        self,
        capability: str,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        connection_id: str = "",
    ) -> Answered:
        """Have an operation done, once; in a dry run nobody is asked."""
        call = self._permitted(capability)
        given = _checked(capability, operation, arguments)
        if call.dry_run is not None:
            raise ServiceUnavailable("In a dry run nobody is asked.")
        left = max(0.0, call.deadline - time.monotonic())
        asked = Asked(
            capability=capability,
            operation=operation,
            arguments=given,
            connection_id=connection_id or None,
            seconds=min(_LONGEST, left * _SHARE),
        )
        try:
            provider, result = self._capabilities().ask_first(
                call.actor, asked, self._meant(call, asked)
            )
        except UnknownOperation as error:
            raise _unknown(str(error)) from error
        return Answered(result=result, provider=_info(provider))

    def _permitted(self, capability: str) -> CallContext:
        call = self._call()
        scope = f"use:{capability}"
        if not call.actor.allows(scope):
            raise sdk.PermissionDenied(scope)
        return call

    def _meant(self, call: CallContext, asked: Asked) -> Sequence[Provider]:
        if asked.connection_id is None:
            return self._usual(call, asked.capability)
        found = self._capabilities().chosen(
            call.installed.workspace_id, asked.capability, asked.connection_id, _user_of(call)
        )
        fits = found is not None and (found.is_test or not self._is_test(call))
        if found is None or not fits or _is_asking(call, found):
            raise NotConnected(asked.capability)
        return [found]

    def _usual(self, call: CallContext, capability: str) -> Sequence[Provider]:
        found = self._capabilities().usual(
            call.installed.workspace_id,
            capability,
            _user_of(call),
            (TEST,) if self._is_test(call) else ENVIRONMENTS,
        )
        return alike([one for one in found if not _is_asking(call, one)])

    def _is_test(self, call: CallContext) -> bool:
        """Tell whether the call is made for test data, which must not reach what is live."""
        opened = self._connecting.of(call)
        return opened is not None and opened.connection.environment == TEST


def _is_asking(call: CallContext, provider: Provider) -> bool:
    """Tell whether it waits for the answer itself: then it would go round in a circle."""
    return any(one.installed.id == provider.installed.id for one in call.chain())


def _user_of(call: CallContext) -> str | None:
    return getattr(call.caller, "user_id", None)


def _checked(capability: str, operation: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Look at what the core can look at: an own capability's schema is its declarer's."""
    if is_own(capability):
        return arguments
    try:
        given = sent(arguments)
        read(capability, operation, given)
    except UnknownOperation as error:
        raise _unknown(str(error)) from error
    except TypeError as error:
        raise sdk.Invalid([sdk.Finding("", "not_json", str(error))]) from error
    return given


def _unknown(message: str) -> sdk.Invalid:
    return sdk.Invalid([sdk.Finding("/operation", "unknown_operation", f"{message}.")])


def _info(provider: Provider) -> ProviderInfo:
    installed, used = provider.installed, provider.used
    return ProviderInfo(
        service=installed.extension_id,
        name=installed.name,
        connection_id=used.id if used is not None else "",
        connection=used.name if used is not None else "",
        environment="test" if provider.is_test else "live",
    )
