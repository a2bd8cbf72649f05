"""Finding extensions: words, filters, orders, counts; one page at a time."""

from marketplace.search.engine import Search
from marketplace.search.query import SORTS, Found, Query

__all__ = ["SORTS", "Found", "Query", "Search"]
