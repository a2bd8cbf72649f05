"""The judgement: does a version fail so much that the one before has to come back."""

from dataclasses import dataclass

LEAST = 5
"""So many failures have to be there before a rate says anything."""
MARGIN = 0.05
"""A version may fail in this share of its calls, beside twice what the one before did."""
_TWICE = 2


@dataclass(frozen=True, slots=True)
class Count:
    """Calls into a version, and how many of them failed."""

    calls: int = 0
    failures: int = 0

    @property
    def rate(self) -> float:
        """Give the share that failed, 0 where nothing was called."""
        return self.failures / self.calls if self.calls else 0.0


def verdict(now: Count, before: Count, trouble: str | None = None) -> str | None:
    """Say in words why a version has to go; None where it may stay.

    `trouble` is what needs no counting: its process crashes again and again, it can't be loaded, or
    one kind of call failed so often that it is left out.
    """
    if trouble is not None:
        return trouble
    if now.failures < LEAST or now.rate < MARGIN + _TWICE * before.rate:
        return None
    share = f"{now.failures:,} of {now.calls:,} calls failed"
    if not before.calls:
        return f"{share}."
    return f"{share}, and {before.failures:,} of {before.calls:,} of the version before."
