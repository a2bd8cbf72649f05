"""The embedded registry, asked like any other: exports take the same door as strangers."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from geminicrm.kernel.errors import NotFound
from geminicrm.kernel.paging import Page
from geminicrm.kernel.work import Actor
from marketplace.registries.answers import NotThere
from marketplace.registries.offering import Offering
from marketplace.search import Query


class LocalTransport:
    """Asks what this process itself would answer over HTTP to somebody."""

    def __init__(self, offering: Offering, actor: Actor) -> None:
        self._offering = offering
        self._actor = actor

    def get(self, path: str, query: Mapping[str, str], *, most: int, seconds: float) -> bytes:  # noqa: ARG002 - our own answers are neither slow nor too long
        """Give the answer; see `Transport`."""
        try:
            answer = self._answer(path.strip("/").split("/"), query)
        except NotFound:
            raise NotThere from None
        return answer if isinstance(answer, bytes) else orjson.dumps(answer)

    def package(self, digest: str, *, size: int, folder: Path, seconds: float) -> Path:  # noqa: ARG002 - as get
        """Copy a package into a file; see `Transport`."""
        try:
            content = self._offering.package(self._actor, digest)
        except NotFound:
            raise NotThere from None
        with tempfile.NamedTemporaryFile(
            dir=folder, prefix="package-", suffix=".part", delete=False
        ) as file:
            file.write(content)
        return Path(file.name)

    def _answer(self, parts: list[str], query: Mapping[str, str]) -> Any:
        offering, actor = self._offering, self._actor
        match parts:
            case ["extensions"]:
                page = Page.parse(query.get("limit"), query.get("cursor"))
                return offering.search(actor, Query(sort=query["sort"], page=page))
            case ["extensions", name]:
                return offering.extension(actor, name)
            case ["extensions", name, "versions"]:
                return offering.versions(actor, name)
            case ["extensions", name, "versions", version, "texts"]:
                return offering.texts(actor, name, version)
            case ["extensions", name, "versions", version, "icon"]:
                return offering.icon(actor, name, version)
            case _:
                return offering.document(parts[0])
