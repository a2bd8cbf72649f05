"""What needs attention, asked for by pages, programs and commands."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.kernel.errors import AppError
from geminicrm.kernel.work import Actor
from geminicrm.runtime.attention.gathering import Gathering
from geminicrm.runtime.attention.problem import Problem
from geminicrm.runtime.attention.rulebook import problems_of
from geminicrm.runtime.inventory import READ

KEEP_SECONDS: Final = 5.0
_log = structlog.get_logger(__name__)


class Attention:
    """Finds problems; the number of them, which every page shows, is kept for a few seconds."""

    def __init__(
        self,
        gathering: Gathering,
        generation: Callable[[], int],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gathering = gathering
        self._generation = generation
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, int, int | None]] = {}

    def list(self, actor: Actor) -> list[Problem]:
        """Give everything that is wrong in the actor's workspace, the worst first.

        Raises ScopeMissing without `read:extensions`.
        """
        return problems_of(self._gathering.look(actor))

    def badge(self, actor: Actor) -> int | None:
        """Give the number beside *Installed*: of problems, or where there are none of updates.

        None for nothing, and for whoever may not look. Never raises.
        """
        if not actor.allows(READ):
            return None
        key, now, generation = actor.workspace_id, self._monotonic(), self._generation()
        with self._lock:
            until, of, number = self._kept.get(key, (0.0, -1, None))
        if now < until and of == generation:
            return number
        number = self._count(actor)
        with self._lock:
            self._kept[key] = (now + KEEP_SECONDS, generation, number)
        return number

    def _count(self, actor: Actor) -> int | None:
        try:
            return number_of(problems_of(self._gathering.look(actor, ask=False)))
        except (AppError, SQLAlchemyError) as error:
            _log.warning("what needs attention could not be counted", error=str(error))
            return None


def number_of(problems: Sequence[Problem]) -> int | None:
    """Count what is wrong; only where nothing is, count what merely waits."""
    wrong = sum(one.severity != "info" for one in problems)
    return wrong or len(problems) or None
