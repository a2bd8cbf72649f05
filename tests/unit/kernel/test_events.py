from datetime import UTC, datetime

import pytest

from geminicrm.kernel.events import StoredEvent, matches


@pytest.mark.parametrize(
    ("pattern", "event_type", "answer"),
    [
        ("lead.created", "lead.created", True),
        ("lead.created", "lead.updated", False),
        ("lead.*", "lead.created", True),
        ("lead.*", "leads.created", False),
        ("lead.*", "lead", False),
        ("*", "anything.at_all", True),
        ("lead", "lead.created", False),
        ("", "lead.created", False),
    ],
)
def test_patterns_name_event_types(pattern: str, event_type: str, *, answer: bool) -> None:
    assert matches(pattern, event_type) is answer


def test_the_body_is_what_the_public_interface_promises() -> None:
    event = StoredEvent(
        id="evt_1",
        type="lead.created",
        schema_version=1,
        object_id="lead_1",
        object_version=3,
        timestamp=datetime(2026, 11, 21, tzinfo=UTC),
        workspace_id="ws_1",
        data={"a": 1},
        position=9,
    )
    assert event.body() == {
        "id": "evt_1",
        "type": "lead.created",
        "schema_version": 1,
        "object_version": 3,
        "timestamp": "2026-11-21T00:00:00.000000Z",
        "workspace_id": "ws_1",
        "data": {"a": 1},
    }
