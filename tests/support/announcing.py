"""Extensions that announce, and extensions that are told of it."""

from typing import Any

from geminicrm.app import Core
from tests.support.core import Tenant
from tests.support.sample_extensions import HEAD, QUIET, with_method
from tests.support.working import Hands

SCORED: dict[str, Any] = {
    "name": "score_changed",
    "description": "The score of a lead changed.",
    "schema": {
        "type": "object",
        "properties": {"score": {"type": "integer"}, "why": {"type": "string"}},
        "required": ["score"],
        "additionalProperties": False,
    },
    "sample": {"score": 70},
}
SILENT = HEAD + QUIET
LISTENER = with_method(
    """
    seen = []

    @hookimpl
    def on_event(self, event):
        self.seen.append(event)
    """
)


def hand_out(core: Core, *sinks: Any) -> None:
    """Place all events and hand them to the sinks."""
    hands = Hands(core, sinks)
    hands.work()
    hands.close()


def feed(client: Any, tenant: Tenant, **query: Any) -> list[dict[str, Any]]:
    """Read the feed of a workspace over HTTP."""
    answer = client.get("/api/events", query_string=query, headers=tenant.headers())
    assert answer.status_code == 200, answer.json
    found: list[dict[str, Any]] = answer.json["data"]
    return found
