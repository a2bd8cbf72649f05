"""Reviews: written by those who installed, answered by publishers, hidden by operators."""

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.exc import IntegrityError

from geminicrm.identity.actor import PersonActor
from geminicrm.kernel.clock import format_instant, parse_instant
from geminicrm.kernel.errors import (
    Finding,
    NotFound,
    ScopeMissing,
    TooManyRequests,
    ValidationFailed,
)
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.limits import Throttle
from geminicrm.kernel.paging import decode_cursor, encode_cursor
from geminicrm.kernel.work import Work, Works
from marketplace.models import RegistryExtension
from marketplace.reviews.errors import ReviewedAlready, ReviewNotAllowed
from marketplace.reviews.models import Review
from marketplace.reviews.rights import OPERATE, answers_for, version_used, why_not
from marketplace.reviews.shapes import ORDERS, STARS, Asked, Opinion, ReviewLine, Reviews
from marketplace.visibility import seen

_CHANGES, _PER_SECONDS = 20, 3600.0


class ReviewDesk:
    """Everything that is done with reviews; each change settles the rating of the extension."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._throttle = Throttle(works.clock, _CHANGES, _PER_SECONDS)

    def list(self, actor: PersonActor, extension_id: str, asked: Asked) -> Reviews:
        """Give one page; operators see what is hidden too.

        UnknownExtension, ValidationFailed for an order or a cursor.
        """
        with self._works.read(actor) as work:
            extension = seen(work, actor.workspace_id, extension_id)
            everything = actor.allows(OPERATE)
            rows = work.session.scalars(_page(extension.id, asked, everything=everything)).all()
            shown = rows[: asked.page.limit]
            own = work.session.scalars(_of(extension, actor.workspace_id)).one_or_none()
            reason = why_not(work, extension)
            return Reviews(
                lines=tuple(ReviewLine.of(row, actor.workspace_id) for row in shown),
                next_cursor=_cursor(shown[-1], asked.order) if len(rows) > len(shown) else None,
                histogram=_histogram(work, extension.id),
                own=ReviewLine.of(own, actor.workspace_id) if own else None,
                may_review=not reason,
                may_reply=answers_for(work, extension, actor.user_id),
                why_not=reason,
            )

    def write(self, actor: PersonActor, extension_id: str, opinion: Opinion) -> ReviewLine:
        """Add the workspace's review.

        UnknownExtension, ReviewNotAllowed, ReviewedAlready, TooManyRequests.
        """
        self._slow_down(actor)
        with self._works.write(actor) as work:
            extension = _locked(work, extension_id)
            _check(work, extension)
            if work.session.scalars(_of(extension, actor.workspace_id)).first() is not None:
                raise _reviewed(extension_id)
            row = Review(
                id=new_id("rev"),
                extension_id=extension.id,
                workspace_id=actor.workspace_id,
                created_at=work.now,
            )
            _fill(work, row, opinion, extension_id)
            work.session.add(row)
            try:
                _settle(work, extension)
            except IntegrityError as error:
                raise _reviewed(extension_id) from error  # a colleague was quicker
            work.audit("extension.reviewed", extension_id, {"rating": opinion.rating})
            return ReviewLine.of(row, actor.workspace_id)

    def change(
        self, actor: PersonActor, extension_id: str, review_id: str, opinion: Opinion
    ) -> ReviewLine:
        """Change the workspace's own review; NotFound for another's, else as `write`."""
        self._slow_down(actor)
        with self._works.write(actor) as work:
            extension = _locked(work, extension_id)
            _check(work, extension)
            row = _own(work, extension, review_id)
            _fill(work, row, opinion, extension_id)
            _settle(work, extension)
            work.audit("extension.review_changed", extension_id, {"rating": opinion.rating})
            return ReviewLine.of(row, actor.workspace_id)

    def delete(self, actor: PersonActor, extension_id: str, review_id: str) -> None:
        """Take the workspace's own review away, with the reply to it."""
        self._slow_down(actor)
        with self._works.write(actor) as work:
            extension = _locked(work, extension_id)
            _check(work, extension)
            work.session.delete(_own(work, extension, review_id))
            _settle(work, extension)
            work.audit("extension.review_deleted", extension_id, {})

    def reply(
        self, actor: PersonActor, extension_id: str, review_id: str, text: str | None
    ) -> ReviewLine:
        """Answer for the publisher, or take the answer back with None; ReviewNotAllowed."""
        self._slow_down(actor)
        with self._works.write(actor) as work:
            extension = _locked(work, extension_id)
            if not answers_for(work, extension, actor.user_id):
                raise ReviewNotAllowed(f"Only members of {extension.publisher} reply to reviews.")
            row = _one(work, extension, review_id)
            row.reply, row.replied_at = text, work.now if text is not None else None
            work.audit("extension.review_answered", extension_id, {"review": review_id})
            return ReviewLine.of(row, actor.workspace_id)

    def hide(
        self, actor: PersonActor, extension_id: str, review_id: str, reason: str | None
    ) -> ReviewLine:
        """Hide a review with a reason, or show it again with None; ScopeMissing."""
        if not actor.allows(OPERATE):
            raise ScopeMissing(OPERATE, actor.label)
        with self._works.write(actor) as work:
            extension = _locked(work, extension_id)
            row = _one(work, extension, review_id)
            row.hidden_at = work.now if reason is not None else None
            row.hidden_reason = reason
            _settle(work, extension)
            work.audit(
                "extension.review_hidden", extension_id, {"review": review_id, "reason": reason}
            )
            return ReviewLine.of(row, actor.workspace_id)

    def _slow_down(self, actor: PersonActor) -> None:
        if not self._throttle.try_take(actor.user_id):
            raise TooManyRequests(
                f"At most {_CHANGES} changes of reviews an hour; try again later.",
                self._throttle.retry_after(actor.user_id),
            )


def _locked(work: Work, extension_id: str) -> RegistryExtension:
    """Read the extension so that changes of its rating wait for each other."""
    key = seen(work, work.workspace_id, extension_id).id
    return work.session.get_one(RegistryExtension, key, with_for_update=True)


def _check(work: Work, extension: RegistryExtension) -> None:
    reason = why_not(work, extension)
    if reason:
        raise ReviewNotAllowed(reason)


def _reviewed(extension_id: str) -> ReviewedAlready:
    return ReviewedAlready(
        f"This workspace has reviewed {extension_id!r} before; change that review instead."
    )


def _fill(work: Work, row: Review, opinion: Opinion, extension_id: str) -> None:
    actor = work.actor
    row.user_id = getattr(actor, "user_id", actor.id)
    row.author = actor.label
    row.rating, row.title, row.body = opinion.rating, opinion.title, opinion.body
    row.version = version_used(work, extension_id) or row.version
    row.updated_at = work.now


def _settle(work: Work, extension: RegistryExtension) -> None:
    work.session.flush()
    counts = _histogram(work, extension.id)
    extension.rating_count = sum(counts.values())
    extension.rating_sum = sum(stars * count for stars, count in counts.items())


def _histogram(work: Work, key: str) -> dict[int, int]:
    query = (
        select(Review.rating, func.count(Review.id))
        .where(Review.extension_id == key, Review.hidden_at.is_(None))
        .group_by(Review.rating)
    )
    found = {int(stars): int(count) for stars, count in work.session.execute(query)}
    return {stars: found.get(stars, 0) for stars in STARS}


def _of(extension: RegistryExtension, workspace_id: str) -> Select[Review]:
    return select(Review).where(
        Review.extension_id == extension.id, Review.workspace_id == workspace_id
    )


def _one(work: Work, extension: RegistryExtension, review_id: str) -> Review:
    row = work.session.get(Review, review_id)
    if row is None or row.extension_id != extension.id:
        raise NotFound("review", review_id)
    return row


def _own(work: Work, extension: RegistryExtension, review_id: str) -> Review:
    row = _one(work, extension, review_id)
    if row.workspace_id != work.workspace_id:
        raise NotFound("review", review_id)
    return row


def _page(key: str, asked: Asked, *, everything: bool) -> Select[Review]:
    if asked.order not in ORDERS:
        message = f"{asked.order!r} is none of {', '.join(ORDERS)}."
        raise ValidationFailed([Finding("/sort", "unknown_sort", message)])
    statement = select(Review).where(Review.extension_id == key)
    if not everything:
        statement = statement.where(Review.hidden_at.is_(None))
    if asked.page.cursor:
        statement = statement.where(_after(asked.page.cursor, asked.order))
    newest = (Review.updated_at.desc(), Review.id)
    by = {"newest": newest, "highest": (Review.rating.desc(), *newest)}
    by["lowest"] = (Review.rating.asc(), *newest)
    return statement.order_by(*by[asked.order]).limit(asked.page.limit + 1)


def _after(cursor: str, order: str) -> ColumnElement[bool]:
    rating, instant, last = decode_cursor(cursor, order, (int, str, str))
    try:
        when = parse_instant(str(instant))
    except ValueError:
        message = "This is no cursor of this list; start again without one."
        raise ValidationFailed([Finding("/cursor", "bad_cursor", message)]) from None
    later = or_(
        Review.updated_at < when, and_(Review.updated_at == when, Review.id > str(last or ""))
    )
    if order == "newest":
        return later
    beyond = Review.rating < rating if order == "highest" else Review.rating > rating
    return or_(beyond, and_(Review.rating == rating, later))


def _cursor(row: Review, order: str) -> str:
    return encode_cursor((row.rating, format_instant(row.updated_at), row.id), order)
