"""Reviews in the shape that pages and programs get: nothing in it tells of the workspace."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from geminicrm.kernel.clock import format_instant
from geminicrm.kernel.paging import Page
from marketplace.reviews.models import Review

STARS: Final = (5, 4, 3, 2, 1)
ORDERS: Final = ("newest", "highest", "lowest")


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What a reviewer says; `rating` is 1 to 5, `body` Markdown."""

    rating: int
    title: str
    body: str


@dataclass(frozen=True, kw_only=True)
class ReviewLine:
    """One review; `mine` tells whether it is that of the workspace that looks.

    `hidden_reason` is None for what everybody sees.
    """

    id: str
    author: str
    rating: int
    title: str
    body: str
    version: str
    created_at: datetime
    updated_at: datetime
    reply: str | None
    replied_at: datetime | None
    hidden_reason: str | None
    mine: bool

    @classmethod
    def of(cls, row: Review, workspace_id: str) -> "ReviewLine":
        """Read it from its row, for somebody in a workspace."""
        return cls(
            id=row.id,
            author=row.author,
            rating=row.rating,
            title=row.title,
            body=row.body,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            reply=row.reply,
            replied_at=row.replied_at,
            hidden_reason=row.hidden_reason if row.hidden_at else None,
            mine=row.workspace_id == workspace_id,
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "id": self.id,
            "author": self.author,
            "rating": self.rating,
            "title": self.title,
            "body": self.body,
            "version": self.version,
            "created_at": format_instant(self.created_at),
            "updated_at": format_instant(self.updated_at),
            "reply": self.reply,
            "replied_at": format_instant(self.replied_at) if self.replied_at else None,
            "hidden_reason": self.hidden_reason,
            "mine": self.mine,
        }


@dataclass(frozen=True, kw_only=True)
class Reviews:
    """One page of the reviews of an extension, and what they come to.

    `histogram` counts by stars, the most first; `may_review` and `may_reply` are about the actor,
    `why_not` says what keeps this workspace from a review. `own` is the one it has written.
    """

    lines: tuple[ReviewLine, ...]
    next_cursor: str | None
    histogram: Mapping[int, int]
    own: ReviewLine | None
    may_review: bool
    may_reply: bool
    why_not: str

    @property
    def total(self) -> int:
        """Count the ratings."""
        return sum(self.histogram.values())

    @property
    def rating(self) -> float | None:
        """Give the mean of the stars, to one place; None without any."""
        stars = sum(star * count for star, count in self.histogram.items())
        return round(stars / self.total, 1) if self.total else None

    def to_dict(self) -> dict[str, Any]:
        """Give the members that programs get."""
        return {
            "data": [line.to_dict() for line in self.lines],
            "next_cursor": self.next_cursor,
            "rating": self.rating,
            "rating_count": self.total,
            "histogram": {str(star): count for star, count in self.histogram.items()},
            "own": self.own.to_dict() if self.own else None,
            "may_review": self.may_review,
        }


@dataclass(frozen=True)
class Asked:
    """Which part of the reviews is asked for."""

    order: str = "newest"
    page: Page = field(default_factory=lambda: Page(20))
