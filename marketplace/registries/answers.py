"""What an answer over HTTP means for whoever asked a registry."""

from typing import Final

from geminicrm.kernel.http import AddressRefused, HttpFailed, ResponseTooLarge, TlsFailed
from marketplace.registries.errors import RegistryRefused, RegistryUnreachable

OK: Final = 200
PARTIAL: Final = 206
_AWAY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE: Final = frozenset({404, 410})
_CLOSED: Final = frozenset({401, 403})
_MOVED: Final = range(300, 400)


class NotThere(Exception):
    """The registry has no such thing."""


def failed(registry: str, error: HttpFailed) -> RegistryRefused | RegistryUnreachable:
    """Say what a failed call means: the registry is away, or must not be listened to."""
    if isinstance(error, AddressRefused | TlsFailed):
        return RegistryRefused(registry, error.detail, "Nothing was sent to it.")
    if isinstance(error, ResponseTooLarge):
        return RegistryRefused(registry, error.detail)
    return RegistryUnreachable(registry, error.detail)


def check_status(registry: str, status: int) -> None:
    """Pass 200 and 206; NotThere, RegistryUnreachable, RegistryRefused for all others."""
    if status in {OK, PARTIAL}:
        return
    if status in _GONE:
        raise NotThere
    if status in _AWAY:
        raise RegistryUnreachable(registry, f"it answers {status}.")
    if status in _CLOSED:
        raise RegistryRefused(
            registry, f"it answers {status}.", "Give the token that it expects of this CRM."
        )
    if status in _MOVED:
        raise RegistryRefused(
            registry,
            f"it answers {status} and sends us to another address, which is never followed.",
            "If it has moved, remove it and add it with its new address.",
        )
    raise RegistryRefused(registry, f"it answers {status}, which is no answer of a registry.")
