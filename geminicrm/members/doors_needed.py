"""What this room needs of rooms above it; app.py hands it in."""

from collections.abc import Sequence
from typing import Protocol

from geminicrm.kernel.work import Actor


class Senders(Protocol):
    """Who can send mail."""

    def accounts(self, actor: Actor) -> Sequence[tuple[str, str]]:
        """Give id and name of each connection that the actor can send through."""
        ...

    def sends_mail(self, workspace_id: str, connection_id: str) -> bool:
        """Tell whether a connection is one that sends mail, well or not."""
        ...
