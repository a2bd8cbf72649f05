"""One outside call of an extension: what goes out, for whom."""

from dataclasses import dataclass

from geminicrm.connections.opened import Opened
from geminicrm.kernel.http import HttpRequest

MOST_RETRIES = 3
LONGEST_CACHE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideCall:
    """A request before its credentials are in; `opened` is None where there is no connection.

    `operation` is what the extension was doing; `actor_kind` and `actor_id` say for whom. `retries`
    go from 0 to 3, `cache_seconds` from 0 (nothing is kept) to a day.
    """

    request: HttpRequest
    workspace_id: str
    installation_id: str
    extension_id: str
    operation: str
    actor_kind: str
    actor_id: str
    opened: Opened | None = None
    retries: int = MOST_RETRIES
    cache_seconds: float = 0.0

    @property
    def keeper(self) -> str:
        """Whose open connections and stored answers serve it: nobody else's."""
        if self.opened is None:
            return self.installation_id
        return self.opened.connection.id
