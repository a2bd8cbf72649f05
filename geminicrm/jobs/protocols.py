"""What this room is told by others: names of targets, types of events, living processes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from geminicrm.kernel.work import Actor, Work


@dataclass(frozen=True, slots=True)
class Label:
    """What people call a target, and the page of it."""

    name: str
    url: str | None = None


Labels = Callable[[Work, Collection[str]], Mapping[str, Label]]
"""Gives the labels of targets of the workspace; those that are gone are left out."""

MayRead = Callable[[Actor, str], bool]
"""Tells whether an actor may see what events of a type hold."""


class Living(Protocol):
    """A process whose lease runs; its id says when it began."""

    @property
    def id(self) -> str:
        """Give the id of the lease."""
        ...

    @property
    def machine(self) -> str:
        """Name its host, and after a colon what tells installations on one host apart."""
        ...

    @property
    def kind(self) -> str:
        """Say what it does: web, worker, command."""
        ...

    @property
    def pid(self) -> int:
        """Give its number."""
        ...

    @property
    def seen_at(self) -> datetime:
        """Say when it was last heard of."""
        ...


Alive = Callable[[], Sequence[Living]]
"""Gives the living processes of all machines."""
