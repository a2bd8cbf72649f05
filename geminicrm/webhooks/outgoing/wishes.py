"""What somebody wants of an endpoint, as the service takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from geminicrm.webhooks.outgoing.shaping import Shaping

WORKSPACE: Final = "workspace"
HOOK: Final = "hook"
ORIGINS: Final = (WORKSPACE, HOOK)
"""Whose an endpoint is: the workspace's, or a REST hook that a program takes back itself."""
CONCURRENCY: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """An endpoint to make; `secret` empty: one is made. `events` are patterns.

    `rate` is how many may be sent in a second, None as many as there are; `concurrency` how many at
    once. `any_secret` takes a secret that is no `whsec_`, for callers in our own process.
    """

    url: str
    events: Sequence[str]
    description: str = ""
    secret: str = ""
    headers: Mapping[str, str | None] = field(default_factory=dict)
    shaping: Shaping = field(default_factory=Shaping)
    rate: int | None = None
    concurrency: int = CONCURRENCY
    origin: str = WORKSPACE
    expires_at: datetime | None = None
    any_secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChanges:
    """What is to be another at an endpoint: `values` by the names of `NewEndpoint`.

    Those that are missing stay. Names are url, events, description, headers, shaping (its parts:
    filter, mapping, template), rate and concurrency. A header whose value is None keeps the one it
    has. `revision` is the one that the caller last saw.
    """

    values: Mapping[str, Any]
    revision: int | None = None
