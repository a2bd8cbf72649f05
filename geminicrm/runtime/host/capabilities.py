"""`self.app.capabilities` inside a host: the core finds who provides, and has it done."""

from collections.abc import Mapping
from typing import Any

from extensions.sdk.capabilities.calling import result_of, sent
from extensions.sdk.capabilities.using import Answered, ProviderInfo
from extensions.sdk.errors import Finding, Invalid
from geminicrm.runtime.host.current import current
from geminicrm.runtime.host.values import encode_given


class HostCapabilities:
    """Implements the SDK's CapabilitiesDoor."""

    def providers(self, capability: str) -> tuple[ProviderInfo, ...]:
        """Give those who would be asked, in that order."""
        found = _ask("providers", capability=capability)
        return tuple(ProviderInfo(**one) for one in found)

    def ask(
        self,
        capability: str,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        connection_id: str = "",
    ) -> Answered:
        """Have an operation done."""
        try:
            plain = sent(arguments)
        except TypeError as error:
            raise Invalid([Finding("", "not_json", str(error))]) from error
        found = _ask(
            "ask",
            capability=capability,
            operation=operation,
            arguments=plain,
            connection_id=connection_id,
        )
        result = result_of(capability, operation, found["result"])
        return Answered(result=result, provider=ProviderInfo(**found["provider"]))


def _ask(method: str, **arguments: Any) -> Any:
    try:
        body = encode_given(arguments)
    except TypeError as error:
        raise Invalid([Finding("", "not_json", str(error))]) from error
    return current().ask("capabilities", method, body)
