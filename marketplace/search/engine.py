"""One search: words from the database, filters and order from the snapshot, rows of one page."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import cast

from sqlalchemy import bindparam, select

from geminicrm.kernel.errors import Finding, ValidationFailed
from geminicrm.kernel.paging import decode_cursor, encode_cursor
from geminicrm.kernel.work import Actor, Work, Works
from marketplace.listings import Listing
from marketplace.models import RegistryExtension
from marketplace.search.counting import narrow
from marketplace.search.matching import Matcher, matcher_for, named_exactly
from marketplace.search.query import RELEVANCE, Found, Query
from marketplace.search.scoring import Scored, everything, score
from marketplace.search.snapshot import Place, Snapshot
from marketplace.search.text import words_of

_KEPT = 256
_NOTHING = Scored(0, ())
_ROWS = RegistryExtension.__table__
_BY_KEY = select(_ROWS).where(_ROWS.c.id.in_(bindparam("keys", expanding=True)))


class Search:
    """The search of one process: shared by its threads, kept up to date by each search."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._snapshot = Snapshot()
        self._matcher: Matcher | None = None
        self._lock = threading.Lock()
        self._scored: OrderedDict[tuple[str, ...], Scored] = OrderedDict()
        self._scored_at = -1

    def find(self, actor: Actor, query: Query) -> Found:
        """Give one page; ValidationFailed for a cursor of another order."""
        with self._works.read(actor) as work:
            self._snapshot.refresh(work)
            scored = self._words(work, query)
            found = narrow(self._snapshot, query, actor.workspace_id, scored.bits)
            places = self._after(query, self._ordered(query.order, scored, found.bits))
            page = list(islice(places, query.page.limit + 1))
            shown = page[: query.page.limit]
            return Found(
                listings=_listings(work, [name for _, name, _ in shown]),
                next_cursor=_cursor(query.order, shown[-1]) if len(page) > len(shown) else None,
                total=found.bits.bit_count(),
                facets=found.facets,
            )

    def categories(self, actor: Actor) -> list[str]:
        """Give every category in which a workspace finds something, in alphabetical order."""
        with self._works.read(actor) as work:
            self._snapshot.refresh(work)
        seen = self._snapshot.visible(actor.workspace_id)
        return sorted(
            name
            for name in self._snapshot.categories()
            if seen & self._snapshot.of(f"category:{name}")
        )

    def _words(self, work: Work, query: Query) -> Scored:
        if not query.words.strip():
            return everything(self._snapshot)
        words = words_of(query.words)
        if not words:
            return _NOTHING  # signs only: no word was asked for that anything could have
        serial = self._snapshot.serial
        kept = self._remembered(words, serial)
        if kept is None:
            connection = work.session.connection()
            self._matcher = self._matcher or matcher_for(connection)
            exact = set(named_exactly(connection, words))
            kept = score(self._snapshot, self._matcher.match(connection, words), exact)
            self._remember(words, serial, kept)
        return kept

    def _remembered(self, words: tuple[str, ...], serial: int) -> Scored | None:
        with self._lock:
            if self._scored_at != serial:
                self._scored.clear()
                self._scored_at = serial
            found = self._scored.get(words)
            if found is not None:
                self._scored.move_to_end(words)
            return found

    def _remember(self, words: tuple[str, ...], serial: int, scored: Scored) -> None:
        with self._lock:
            if self._scored_at == serial:
                self._scored[words] = scored
                while len(self._scored) > _KEPT:
                    self._scored.popitem(last=False)

    def _ordered(self, order: str, scored: Scored, wanted: int) -> Iterable[Place]:
        if order == RELEVANCE:
            return scored.walk(self._snapshot, wanted)
        return self._snapshot.walk(order, wanted)

    def _after(self, query: Query, places: Iterable[Place]) -> Iterator[Place]:
        if not query.page.cursor:
            return iter(places)
        kind = str if query.order == "name" else int
        value, last = decode_cursor(query.page.cursor, query.order, (kind, str))
        if value is None or last is None:
            raise _bad_cursor()
        return (one for one in places if (one[0], one[1]) > (value, last))


def _listings(work: Work, keys: Sequence[str]) -> list[Listing]:
    # Rows, not entities: they are read once and thrown away, at a third of the time.
    rows = work.session.connection().execute(_BY_KEY, {"keys": keys})
    found = {row.id: Listing.of(cast("RegistryExtension", row)) for row in rows}
    return [found[key] for key in keys if key in found]


def _cursor(order: str, place: Place) -> str:
    return encode_cursor((place[0], place[1]), order)


def _bad_cursor() -> ValidationFailed:
    message = "This is no cursor of this list; start again without one."
    return ValidationFailed([Finding("/cursor", "bad_cursor", message)])
