"""The throttle in front of passwords and secret links: how often a key has failed lately."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import delete

from geminicrm.identity.models import SignInAttempts
from geminicrm.kernel.crypto import hash_token
from geminicrm.kernel.errors import TooManyRequests
from geminicrm.kernel.work import Work

WINDOW = timedelta(minutes=15)
_LONGEST = 200


def refuse_throttled(work: Work, keys: Iterable[tuple[str, int]]) -> None:
    """Raise TooManyRequests where one of the keys was counted as often as its limit allows."""
    for key, limit in keys:
        row = work.session.get(SignInAttempts, _stored(key))
        if row is None or row.failures < limit:
            continue
        left = row.window_started_at + WINDOW - work.now
        if left.total_seconds() > 0:
            raise TooManyRequests(
                "Too many failed sign-ins; wait a while, then try again.", left.total_seconds()
            )


def count(work: Work, keys: Iterable[str]) -> None:
    """Count each of the keys once more; a window that is over begins anew."""
    for key in map(_stored, keys):
        row = work.session.get(SignInAttempts, key, with_for_update=True)
        if row is None:
            work.session.add(SignInAttempts(key=key, failures=1, window_started_at=work.now))
        elif row.window_started_at + WINDOW <= work.now:
            row.failures, row.window_started_at = 1, work.now
        else:
            row.failures += 1


def forget(work: Work, key: str) -> None:
    """Count a key from the start again."""
    work.session.execute(delete(SignInAttempts).where(SignInAttempts.key == _stored(key)))


def sweep(work: Work) -> None:
    """Drop counters whose window is over."""
    work.session.execute(
        delete(SignInAttempts).where(SignInAttempts.window_started_at <= work.now - WINDOW)
    )


def _stored(key: str) -> str:
    """Give a key that fits its column: strangers type addresses as long as they like.

    By its digest, not cut: two addresses that begin alike must not share a counter.
    """
    return key if len(key) <= _LONGEST else f"sha256:{hash_token(key)}"
