"""The one formula that orders by relevance; whole numbers, so that a cursor finds its place.

    relevance = words + standing + 1,000,000 where the name is exactly what was asked for
    words     = 700,000 x the text's weight / the best weight among the matches
    standing  = 150,000 x min(1, log10(1 + installs) / 6) + 90,000 x (rating - 1) / 4
              +  40,000 if the publisher is verified + 20,000 if featured

`rating` is a Bayesian mean: ten votes of 3.5 are added to those there are. The text's weight is
BM25 (SQLite) or cover density (PostgreSQL) with the weights of `FIELD_WEIGHTS`. More than
`MOST_WEIGHED` matches are not weighed one by one: such words say nothing by their rarity. They get
`BROAD` of the words' part, by the best place where all of them stand. Equals go by id.
"""

import math
from collections.abc import Sequence
from typing import Final

FIELD_WEIGHTS: Final = {
    "name": 10.0,
    "keywords": 5.0,
    "publisher": 3.0,
    "description": 2.0,
    "readme": 0.5,
}
MOST_WEIGHED: Final = 1_000
WORDS: Final = 700_000
EXACT: Final = 1_000_000
BROAD: Final = {"name": 1.0, "keywords": 0.5, "": 0.1}
_INSTALLS, _RATING, _VERIFIED, _FEATURED = 150_000, 90_000, 40_000, 20_000
_MILLION = 6
_PRIOR_VOTES, _PRIOR_STARS = 10, 3.5
_MICRO = 1_000_000


def bayesian_rating(rating_sum: int, rating_count: int) -> float:
    """Give the mean of stars with ten votes of 3.5 added: few votes do not make a best."""
    return (_PRIOR_VOTES * _PRIOR_STARS + rating_sum) / (_PRIOR_VOTES + rating_count)


def rating_key(rating_sum: int, rating_count: int) -> int:
    """Give the same in millionths, to sort by."""
    return round(bayesian_rating(rating_sum, rating_count) * _MICRO)


def standing(*, installs: int, rating: int, verified: bool, featured: bool) -> int:
    """Give what speaks for an extension whatever was asked; `rating` is a `rating_key`."""
    spread = min(1.0, math.log10(1 + max(installs, 0)) / _MILLION)
    stars = (rating / _MICRO - 1) / 4
    return (
        round(_INSTALLS * spread + _RATING * stars)
        + (_VERIFIED if verified else 0)
        + (_FEATURED if featured else 0)
    )


def words_factor(weights: Sequence[float]) -> float:
    """Give what turns a text's weight into points: the best one has all of them."""
    best = max(weights, default=0.0)
    return WORDS / best if best > 0 else 0.0
