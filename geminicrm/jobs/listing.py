"""Reading lists of jobs: each list from one index, however many there are."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, literal, select, text, tuple_

from geminicrm.jobs.question import Question
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.jobs.jobs import queue_of
from geminicrm.kernel.jobs.models import ENDED, RUNNING, STATES, Job
from geminicrm.kernel.paging import decode_cursor, encode_cursor
from geminicrm.kernel.work import Work

# As the indexes have it, word for word: SQLite uses a partial index for nothing else.
_OPEN: Final = text("jobs.state IN ('queued', 'running')")
ENDED_WORDS: Final = "jobs.state IN ('done', 'dead', 'cancelled')"


def rows(work: Work, question: Question) -> tuple[list[Job], str | None]:
    """Give one page, and the cursor of the next; ValidationFailed for a wrong cursor."""
    limit = question.page.limit
    if question.order == "due":
        found = list(work.session.scalars(_due(work, question).limit(limit + 1)))
    else:
        found = _merged(work, question)
    page = found[:limit]
    return page, _cursor(page[-1], question) if len(found) > limit else None


def ended(work: Work, state: str, target: str) -> Select[Job]:
    """Begin a query of the jobs that were done for a target and ended in a state."""
    statement = select(Job).where(Job.state == state, Job.target == target)
    # PostgreSQL sees by itself that the index fits; told twice of the state, it would expect too
    # few rows to take it.
    sqlite = work.session.get_bind().dialect.name == "sqlite"
    return statement.where(text(ENDED_WORDS)) if sqlite else statement


def _due(work: Work, question: Question) -> Select[Job]:
    # Not "state = 'queued'": an index of states would seem to fit better, and a million be sorted.
    statement = select(Job).where(
        Job.queue == queue_of(work.workspace_id, question.target), _OPEN, Job.state != RUNNING
    )
    if question.page.cursor is not None:
        due_at, after = _place(question, (str, str))
        place = tuple_(literal(_instant(due_at), Job.due_at.type), literal(str(after)))
        statement = statement.where(tuple_(Job.due_at, Job.id) > place)
    return _of_kind(statement, question).order_by(Job.due_at, Job.id)


def _merged(work: Work, question: Question) -> list[Job]:
    """Give a page and one more, each state read by itself, so that none is sorted as a whole."""
    falling = question.order == "latest"
    found: list[Job] = []
    for state in question.states or STATES:
        found += work.session.scalars(_of_state(work, question, state))
    found.sort(key=lambda row: row.id, reverse=falling)
    return found[: question.page.limit + 1]


def _of_state(work: Work, question: Question, state: str) -> Select[Job]:
    falling = question.order == "latest"
    statement = select(Job).where(Job.state == state)
    if question.target and state in ENDED:
        statement = ended(work, state, question.target)
    elif question.target:
        statement = statement.where(Job.target == question.target)
    if question.page.cursor is not None:
        (after,) = _place(question, (str,))
        statement = statement.where(Job.id < str(after) if falling else Job.id > str(after))
    statement = _of_kind(statement, question)
    return statement.order_by(Job.id.desc() if falling else Job.id).limit(question.page.limit + 1)


def _of_kind(statement: Select[Job], question: Question) -> Select[Job]:
    return statement.where(Job.kind == question.kind) if question.kind else statement


def _place(question: Question, kinds: Sequence[type]) -> tuple[Any, ...]:
    return decode_cursor(question.page.cursor or "", question.order, kinds)


def _instant(given: object) -> Any:
    try:
        return parse_instant(str(given))
    except (ValueError, OverflowError):
        raise ValidationFailed(
            [Finding("/cursor", "bad_cursor", "This is no cursor of this list.")]
        ) from None


def _cursor(row: Job, question: Question) -> str:
    if question.order == "due":
        return encode_cursor((format_instant(row.due_at), row.id), question.order)
    return encode_cursor((row.id,), question.order)
