"""The conversation that the current call of the core is, as the code of an extension meets it."""

import contextvars
from typing import Any, NamedTuple, Protocol

from extensions.sdk.context import HttpResponse
from extensions.sdk.errors import SdkError


class NoCall(SdkError):
    """`self.app` was used while the core was not calling the extension."""

    code = "no_call"


class HttpWishes(NamedTuple):
    """What an outside call is to be beside sent: repeated so often, kept so long."""

    retries: int
    key: str | None
    key_header: str
    cache_seconds: float


class Asking(Protocol):
    """What the doors need of a conversation: a way to ask the core.

    Each raises the SDK's error that the core answers with, NoCall once the conversation is over,
    and Unavailable where the time of the call is.
    """

    settings: dict[str, Any] | None
    secrets: dict[str, str] | None

    def ask(self, door: str, method: str, arguments: bytes) -> Any:
        """Call a method of a door of the core with arguments as JSON; give what it gives."""
        ...

    def ask_http(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes,
        timeout: float,
        wishes: HttpWishes,
    ) -> HttpResponse:
        """Have the core send a request to an outside host."""
        ...


# A context variable can only be a module's: each thread sees its own value.
_CURRENT: contextvars.ContextVar[Asking | None] = contextvars.ContextVar(
    "geminicrm_conversation", default=None
)
enter = _CURRENT.set
leave = _CURRENT.reset


def current() -> Asking:
    """Give the conversation of this call. Raises NoCall outside of any."""
    found = _CURRENT.get()
    if found is None:
        raise NoCall(
            "self.app finds its workspace from the current call (a route, a hook, install() and so "
            "on). It can't be used while a module is imported, in __init__(), in get_routes(), in "
            "threads of your own, or after the call's time is over."
        )
    return found
