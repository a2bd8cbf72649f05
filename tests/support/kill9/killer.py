"""Somebody who kills processes of a server at moments that nobody has chosen."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.support.process import Tree, command_of, kill_quietly

# The tree gives up what dies three times in a row before it is 15 seconds old; it is right in that.
_YOUNG_SECONDS = 17.0
_MOST_QUICK = 1


@dataclass
class Victim:
    """Something to be killed: `kill` gives whether there was anything."""

    name: str
    kill: Callable[[], bool]
    limited: bool = True
    last: float = -_YOUNG_SECONDS
    quick: int = 0

    def may(self, now: float) -> bool:
        """Tell whether it may be killed now, and still come back."""
        return not self.limited or now - self.last >= _YOUNG_SECONDS or self.quick < _MOST_QUICK

    def strike(self, now: float) -> bool:
        """Kill it."""
        young = now - self.last < _YOUNG_SECONDS
        if not self.kill():
            return False
        self.quick = self.quick + 1 if young else 0
        self.last = now
        return True


def process(tree: Tree, name: str, words: str, chance: random.Random) -> Victim:
    """Give a victim: any process of the tree whose command has these words."""

    def kill() -> bool:
        found = [pid for pid in tree.members() if words in command_of(pid)]
        if found:
            kill_quietly(chance.choice(found))
        return bool(found)

    return Victim(name, kill)


class Killer:
    """Kills one of the victims after each pause; `done` says what and when, in seconds.

    It works in the thread of its caller: a server that a thread has started ends with that thread.
    """

    def __init__(
        self, victims: Sequence[Victim], chance: random.Random, pauses: tuple[float, float]
    ) -> None:
        self.done: list[tuple[float, str]] = []
        self._victims = victims
        self._chance = chance
        self._pauses = pauses

    def struck(self) -> set[str]:
        """Name what was killed at least once."""
        return {name for _, name in self.done}

    def run(self, going_on: Callable[[], bool]) -> None:
        """Kill as long as it is going on."""
        began = time.monotonic()
        while going_on():
            time.sleep(self._chance.uniform(*self._pauses))  # the moment is chance
            now = time.monotonic()
            ready = [victim for victim in self._victims if victim.may(now)]
            # Those that were spared longest come first, so that a short run has met them all.
            ready.sort(key=lambda victim: (victim.last, self._chance.random()))
            for victim in ready[:1]:
                if victim.strike(now):
                    self.done.append((round(now - began, 1), victim.name))
