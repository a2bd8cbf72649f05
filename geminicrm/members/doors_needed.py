"""What this room needs of rooms above it; app.py hands it in."""

from collections.abc import Sequence
from typing import Protocol

from geminicrm.kernel.work import Actor, Work


class Senders(Protocol):
    """Who can send mail."""

    def accounts(self, actor: Actor) -> Sequence[tuple[str, str]]:
        """Give id and name of each connection that the actor can send through."""
        ...

    def sends_mail(self, workspace_id: str, connection_id: str) -> bool:
        """Tell whether a connection is one that sends mail, well or not."""
        ...


class Leaving(Protocol):
    """Who hears that somebody leaves a workspace."""

    def leave(self, work: Work, user_id: str) -> None:
        """Take out of use what they connected of their own, in the transaction that removes them.

        Services are told after its commit.
        """
        ...
