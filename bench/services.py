"""A server under test: how to reach it, and the names it uses."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from bench.exchanges import create, list_pages, read_one
from bench.load import Source
from bench.trees import Tree


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running server; `leads` is the path of its list, `key` where the list's records are.

    `environ` is that of its settings, where it is one of ours.
    """

    name: str
    tree: Tree
    port: int
    token: str = ""
    ids: Sequence[str] = ()
    leads: str = "/api/leads"
    key: str = "data"
    environ: Mapping[str, str] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(10_000_000))

    def reads(self, connection: int) -> Source:
        """Give the source that reads one lead at a time."""
        return read_one(self.token, self.leads, self.ids, connection)

    def lists(self, _connection: int) -> Source:
        """Give the source that pages through the leads."""
        return list_pages(self.token, self.leads, self.key)

    def creates(self, _connection: int) -> Source:
        """Give the source that creates leads."""
        return create(self.token, self.leads, lambda: next(self.numbers))

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Ask once and give the JSON of the answer; ServiceError for a status above 299."""
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return self.send(method, path, data, headers)

    def send(self, method: str, path: str, data: bytes | None, headers: dict[str, str]) -> Any:
        """Do the same with a body of any kind."""
        text = self.ask(method, path, data, headers)
        return json.loads(text) if text else None

    def ask(
        self,
        method: str,
        path: str,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """Do the same and give the bytes of the answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            connection.request(method, path, data, {**(headers or {}), **known})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status > 299:  # noqa: PLR2004 - HTTP: what is not a success
            raise ServiceError(f"{method} {path}: {answer.status} {text[:500]!r}")
        return text


class ServiceError(RuntimeError):
    """A server under test refused what the bench needs."""


def answers(port: int, path: str, statuses: Sequence[int] = (200,)) -> bool:
    """Tell whether the server gives one of the statuses for a path now."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status in statuses
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
