"""The change feed: what happened in a workspace, in the order of its positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from geminicrm.events.catalogue import Catalogues
from geminicrm.kernel.errors import Finding, Gone, ValidationFailed
from geminicrm.kernel.events import matches
from geminicrm.kernel.outbox import OutboxEvent, OutboxPosition
from geminicrm.kernel.paging import Page
from geminicrm.kernel.work import Actor, Work, Works

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What part of the feed is asked for: after which position, how much, which types."""

    after: int = 0
    limit: int = Page.limit
    patterns: tuple[str, ...] = ()

    @classmethod
    def parse(cls, after: str | None, limit: str | None, types: str | None) -> "Question":
        """Read the query parameters; ValidationFailed at /after, /limit."""
        page = Page.parse(limit, None)
        patterns = tuple(one.strip() for one in (types or "").split(",") if one.strip())
        return cls(after=_position(after), limit=page.limit, patterns=patterns)


@dataclass(frozen=True, slots=True)
class Part:
    """Some events, each with its position, and where the next question goes on."""

    data: list[dict[str, Any]]
    next_after: int


class Feed:
    """Reads the feed of the actor's workspace."""

    def __init__(self, works: Works, catalogues: Catalogues) -> None:
        self._works = works
        self._catalogues = catalogues

    def read(self, actor: Actor, question: Question) -> Part:
        """Give the next events that the actor may be told of, the first first.

        An event that has a position comes after all that have lower ones: nothing is filled in
        later below a position that was given out. Who asks for no types is also given what
        extensions have announced that are gone by now. ValidationFailed for types that there are
        not, Gone where what came next may have been removed; `after` 0 begins with what is left.
        """
        wanted = self._wanted(actor, question.patterns)
        with self._works.read(actor) as work:
            # Before the events: what is placed meanwhile belongs to the next question.
            last = max(question.after, _last_position(work))
            rows = work.session.scalars(
                select(OutboxEvent)
                .where(
                    OutboxEvent.position > question.after,
                    OutboxEvent.position <= last,
                    wanted,
                )
                .order_by(OutboxEvent.position)
                .limit(question.limit)
            ).all()
            # After the events: what was removed before they were read is seen here.
            _refuse_if_gone(work, question.after)
        data = [{"position": row.position, **row.stored().body()} for row in rows]
        whole = len(rows) < question.limit
        return Part(data, last if whole else rows[-1].position or last)

    def _wanted(self, actor: Actor, patterns: Sequence[str]) -> ColumnElement[bool]:
        catalogue = self._catalogues.of(actor)
        unknown = [one for one in patterns if not catalogue.known(one)]
        if unknown:
            raise ValidationFailed(
                [
                    Finding("/types", "unknown_type", f"There is no event {one!r}; "
                            "/api/event-types lists them.")
                    for one in unknown
                ]
            )  # fmt: skip
        readable = [one.type for one in catalogue.readable(actor)]
        if patterns:
            names = [name for name in readable if any(matches(one, name) for one in patterns)]
            return OutboxEvent.type.in_(names)
        return or_(OutboxEvent.type.in_(readable), self._of_extensions())

    def _of_extensions(self) -> ColumnElement[bool]:
        kinds = {one.type.partition(".")[0] for one in self._catalogues.core.all()}
        core = (OutboxEvent.type.startswith(f"{kind}.", autoescape=True) for kind in sorted(kinds))
        return and_(*(~one for one in core))


def _refuse_if_gone(work: Work, after: int) -> None:
    pruned = work.session.scalar(select(OutboxPosition.pruned)) or 0
    if 0 < after < pruned:
        raise Gone(
            f"Events up to position {pruned} are kept no more, so some that came after {after} "
            f"may be missing. Read the records anew, then go on with after={pruned}.",
            after=pruned,
        )


def _last_position(work: Work) -> int:
    return work.session.scalar(select(OutboxPosition.last)) or 0


def _position(text: str | None) -> int:
    if not text:
        return 0
    digits = text.isascii() and text.isdigit() and len(text) <= len(str(_LARGEST))
    if not digits or int(text) > _LARGEST:
        finding = Finding("/after", "not_a_position", "Give a position that the feed has named.")
        raise ValidationFailed([finding])
    return int(text)
