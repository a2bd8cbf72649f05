"""A search as it stands in an address: read strictly, written back without what goes by itself."""

from collections.abc import Mapping

from flask import request
from werkzeug.datastructures import MultiDict

from geminicrm.kernel.errors import Finding, ValidationFailed
from marketplace.cards import InstalledState
from marketplace.search import Query

_YES = ("1", "true", "yes", "on")


def asked(installed: Mapping[str, InstalledState]) -> Query:
    """Read the filters of this request's address; ValidationFailed for what can't be chosen."""
    args = request.args
    return Query(
        words=args.get("q", "").strip(),
        category=args.get("category", ""),
        verified=args.get("verified") in _YES,
        compatible=args.get("compatible") in _YES,
        private=args.get("private") in _YES,
        adds=tuple(filter(None, args.getlist("adds"))),
        levels=tuple(filter(None, args.getlist("level"))),
        state=args.get("state", ""),
        origin=args.get("origin", ""),
        rating=_stars(args.get("rating") or "0"),
        sort=args.get("sort", ""),
        installed={name: state.version for name, state in installed.items()},
    )


def chosen(query: Query) -> MultiDict[str, str]:
    """Give what an address has to say for this search."""
    given = {
        "q": query.words,
        "category": query.category,
        "verified": "1" if query.verified else "",
        "compatible": "1" if query.compatible else "",
        "private": "1" if query.private else "",
        "state": query.state,
        "origin": query.origin,
        "rating": str(query.rating) if query.rating else "",
        "sort": query.sort,
    }
    many = [("adds", one) for one in query.adds] + [("level", one) for one in query.levels]
    return MultiDict([*((name, value) for name, value in given.items() if value), *many])


def _stars(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 1):
        raise ValidationFailed([Finding("/rating", "bad_rating", "Write a number from 1 to 4.")])
    return int(text)
