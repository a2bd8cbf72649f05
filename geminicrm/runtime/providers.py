"""Who provides a capability, and what is asked of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from extensions.sdk.hookspecs import BUDGET_SECONDS
from extensions.sdk.service_errors import NotConnected
from geminicrm.connections.table import Connected
from geminicrm.runtime.live import Installed

TEST: Final = "test"


@dataclass(frozen=True, slots=True)
class Provider:
    """An installed extension that provides a capability, and the connection that it would use.

    `used` is None for an extension that signs in nowhere; only capabilities of extensions' own are
    provided so.
    """

    installed: Installed
    used: Connected | None

    @property
    def connection(self) -> Connected:
        """The connection of an integration. Raises NotConnected where it is none."""
        if self.used is None:
            raise NotConnected(self.installed.extension_id)
        return self.used

    @property
    def is_test(self) -> bool:
        """Whether it works on test data."""
        return self.used is not None and self.used.environment == TEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One operation of a capability; `connection_id` names the one to use, if not the usual.

    `seconds` is what is left to whoever asks.
    """

    capability: str
    operation: str
    arguments: Mapping[str, Any]
    connection_id: str | None = None
    seconds: float = BUDGET_SECONDS["run_operation"]


def alike(providers: Sequence[Provider]) -> tuple[Provider, ...]:
    """Give those that work on data of the same kind as the first: live, or for tests."""
    return tuple(one for one in providers if one.is_test == providers[0].is_test)


def order(provider: Provider) -> tuple[bool, bool]:
    """Give what providers are sorted by: live before test, a user's own before the others."""
    return provider.is_test, provider.used is None or provider.used.owner_id is None
