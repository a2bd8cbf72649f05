"""Texts of services without the credentials that they may repeat."""

from collections.abc import Iterable
from typing import Final

from geminicrm.connections.book import ConnectionBook
from geminicrm.connections.models import Connection
from geminicrm.connections.services import Service

_SHORTEST: Final = 4
_HIDDEN: Final = "•••"


class Hiding:
    """Takes known secrets out of a text, the longest first."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = {one for one in secrets if len(one) >= _SHORTEST}
        self._known = sorted(known, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Give the text without them."""
        for secret in self._known:
            text = text.replace(secret, _HIDDEN)
        return text


def hiding(book: ConnectionBook, row: Connection, service: Service) -> Hiding:
    """Know the secrets of a connection, those that were given for all, and its tokens."""
    tokens = book.vault.readable(row.tokens)
    shared = book.beneath(service).values.secrets
    known = [*shared.values(), *book.secrets_of(row).values(), *tokens.values()]
    return Hiding(str(one) for one in known)
