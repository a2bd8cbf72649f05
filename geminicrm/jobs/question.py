"""What part of the jobs is asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Self

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.jobs.models import OPEN, QUEUED, STATES
from geminicrm.kernel.paging import Page

Order = Literal["due", "oldest", "latest"]
_LONGEST: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Jobs in some states (all for none), of a kind, of a target; empty texts leave it open."""

    states: tuple[str, ...] = ()
    kind: str = ""
    target: str = ""
    page: Page = field(default_factory=Page)

    @classmethod
    def parse(cls, given: Mapping[str, str]) -> Self:
        """Read the query parameters; ValidationFailed at /state, /kind, /target, /limit."""
        states = tuple(dict.fromkeys(filter(None, given.get("state", "").split(","))))
        findings = [
            Finding("/state", "unknown_state", f"{one!r} is no state; know {', '.join(STATES)}.")
            for one in states
            if one not in STATES
        ]
        findings += [
            Finding(f"/{name}", "too_long", f"At most {_LONGEST} characters.")
            for name in ("kind", "target")
            if len(given.get(name, "")) > _LONGEST
        ]
        if findings:
            raise ValidationFailed(findings)
        page = Page.parse(given.get("limit"), given.get("cursor"))
        return cls(
            states=states, kind=given.get("kind", ""), target=given.get("target", ""), page=page
        )

    @property
    def order(self) -> Order:
        """What comes first, as the indexes have it.

        What waits for one target comes in the order in which it is done, other open jobs with the
        oldest first, everything else with the latest first.
        """
        if self.states == (QUEUED,) and self.target:
            return "due"
        return "oldest" if self.states and set(self.states) <= set(OPEN) else "latest"
