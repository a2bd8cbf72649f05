"""`app.limits`: keeping to what an outside service allows, beside `app.http`."""

from typing import Literal, Protocol

Counts = Literal["requests", "messages"]


class LimitsDoor(Protocol):
    """The `limits` of the manifest, kept for the current connection by all workers together.

    `app.http` takes its requests by itself: this is for what is counted otherwise, such as mails.
    """

    def take(self, counts: Counts, count: int = 1) -> None:
        """Wait until so many may be sent; a connection without such a limit never waits.

        Raises `RateLimited` where that is too late for this call; then nothing is counted.
        `NotConnected` without a connection.
        """
