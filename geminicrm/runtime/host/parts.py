"""What a loaded extension is made of: its hooks, its routes, what it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Answer:
    """What an extension answers to a request, before anything is taken out of it."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


Answering: TypeAlias = Callable[[dict[str, Any]], Answer]
"""Answers the request of a WSGI environment."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One implementation of a hook; `places` picks its arguments out of those of the hook."""

    function: Callable[..., Any]
    places: tuple[int, ...]

    def call(self, *given: Any) -> Any:
        """Call it with the arguments that it asks for, in its own order."""
        return self.function(*[given[place] for place in self.places])


@dataclass(frozen=True, slots=True)
class Route:
    """One route of an extension as people read it."""

    rule: str
    methods: tuple[str, ...]
