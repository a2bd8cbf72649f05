"""Secret links: what is wrong with one that does not hold."""

from datetime import datetime
from typing import Final

from geminicrm.identity.sign_in import Visitor
from geminicrm.identity.throttle import count, refuse_throttled
from geminicrm.kernel.errors import AppError, Gone
from geminicrm.kernel.work import Works

UNKNOWN_LINKS: Final = 30
"""So many unknown links may an address try in a window."""
_GONE: Final = "This link {what}. {mend}"


class UnknownLink(AppError):
    """Nobody was ever given this link, or it was replaced by a newer one."""

    code = "unknown_link"
    status = 404
    title = "This link is not known"


def check_holds(ended: str, expires_at: datetime, now: datetime, mend: str) -> None:
    """Raise Gone where a link was used or taken back (`ended` says which) or its time is over."""
    what = ended or ("has expired" if expires_at <= now else "")
    if what:
        raise Gone(_GONE.format(what=what, mend=mend))


class LinkThrottle:
    """Slows down whoever tries links; the links themselves can't be guessed."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def check(self, visitor: Visitor) -> None:
        """Raise TooManyRequests after too many unknown ones from an address."""
        with self._works.across_workspaces("links: count tries") as work:
            refuse_throttled(work, [(_key(visitor), UNKNOWN_LINKS)])

    def note(self, visitor: Visitor) -> None:
        """Count an unknown one."""
        with self._works.across_workspaces("links: count tries", write=True) as work:
            count(work, [_key(visitor)])


def _key(visitor: Visitor) -> str:
    return f"link:{visitor.address}"
