"""The JSON bodies of the review endpoints, and the forms of the page: the same limits."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from marketplace.reviews.shapes import Opinion

MAX_TITLE = 120
MAX_BODY = 4_000
_NO_NUL = r"^[^\x00]*$"
Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE, pattern=_NO_NUL),
]
Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=MAX_BODY, pattern=_NO_NUL)
]
Said = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BODY, pattern=_NO_NUL),
]


class ReviewBody(BaseModel):
    """POST /api/marketplace/extensions/<id>/reviews, PATCH of one: always the whole opinion."""

    model_config = ConfigDict(extra="forbid", strict=True)

    rating: int = Field(ge=1, le=5)
    title: Title
    body: Prose = ""

    def opinion(self) -> Opinion:
        """Give it as the service takes it."""
        return Opinion(rating=self.rating, title=self.title, body=self.body)


class ReplyBody(BaseModel):
    """PUT .../reviews/<review-id>/reply."""

    model_config = ConfigDict(extra="forbid", strict=True)

    body: Said


class HiddenBody(BaseModel):
    """PUT .../reviews/<review-id>/hidden."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Said
