"""Time as the client reads and spends it; one place, so that a test need not wait."""

import random
import time


class Pace:
    """The machine's clocks, and its patience."""

    def unix(self) -> float:
        """Give Unix seconds, which all machines share."""
        return time.time()

    def monotonic(self) -> float:
        """Give seconds that only go on."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait: for one's turn, or before a repetition."""
        time.sleep(seconds)  # the service has said when, or nobody can

    def jitter(self) -> float:
        """Give a share from 0.5 to 1, so that callers that failed together come apart."""
        return random.uniform(0.5, 1.0)  # noqa: S311 - no secret
