"""What an integration's own code is tried with: prepared answers, and a note of what it asked."""

import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from extensions.sdk.context import HttpResponse


@dataclass(frozen=True)
class Asked:
    """One request; `body` is what would go over the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str

    def json(self) -> Any:
        """Give the body read as JSON."""
        return jsonlib.loads(self.body)


@dataclass
class FarSide:
    """Stands for `app.http`: gives the answers in turn, or raises one that is an error."""

    answers: list[Any] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes | None = None,
        idempotency_key: str | None = None,
    ) -> HttpResponse:
        """Note it, with the header that the core adds for a key, and answer."""
        text = jsonlib.dumps(json) if json is not None else (body or b"").decode()
        key = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        self.asked.append(Asked(method, url, {**(headers or {}), **key}, text))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, HttpResponse) else said(answer)


def said(body: object, status: int = 200, **headers: str) -> HttpResponse:
    """Give an answer; header names are given with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpResponse(status, named, jsonlib.dumps(body).encode())


def app_with(http: FarSide, settings: Mapping[str, Any], **secrets: str) -> Any:
    """Give the doors that an integration's code uses."""
    return SimpleNamespace(http=http, settings=settings, secrets=secrets)
