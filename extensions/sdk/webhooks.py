"""Webhooks that came in: what an integration is handed, and what it says of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """One event, believed: its signature was checked before.

    `webhook` is the id of the manifest's entry, `id` the same each time the service sends it,
    `type` the service's own name for what happened, `data` parsed JSON, or the fields of a form.
    Above `attempt` 1 it may have been handled before, in whole or in part.
    """

    id: str
    webhook: str
    type: str
    data: Any
    received_at: datetime
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Something at the service that has changed: the core reads it again at once.

    `capability` is the one by which the core knows it: `payments` with the kind `checkout`,
    `crm_sync` with a kind of record. `gone` says that it was deleted there.
    """

    capability: str
    kind: str
    id: str
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What came of an event; `ignored` says that it means nothing to the integration."""

    changed: tuple[Changed, ...] = ()
    ignored: bool = False
