from datetime import UTC, datetime

import pytest

from geminicrm.kernel.clock import FixedClock, SystemClock, format_instant, parse_instant
from geminicrm.kernel.events import matches
from geminicrm.kernel.ids import made_at, new_id


def test_ids_carry_their_prefix_and_differ():
    made = {new_id("lead") for _ in range(1000)}
    assert len(made) == 1000
    assert all(one.startswith("lead_") and len(one) == len("lead_") + 24 for one in made)


def test_ids_made_later_sort_later():
    made = [new_id("x") for _ in range(2000)]
    assert [one[:13] for one in made] == sorted(one[:13] for one in made)


def test_ids_tell_when_they_were_made():
    before = datetime.now(UTC)
    made = made_at(new_id("wrk"))
    assert before <= made <= datetime.now(UTC)


def test_instants_survive_the_way_through_text():
    instant = datetime(2026, 11, 21, 8, 28, 54, 123456, tzinfo=UTC)
    assert format_instant(instant) == "2026-11-21T08:28:54.123456Z"
    assert parse_instant(format_instant(instant)) == instant
    assert parse_instant("2026-11-21T10:28:54.123456+02:00") == instant


def test_an_instant_without_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        parse_instant("2026-11-21T08:28:54")


def test_clocks():
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    clock.advance(90)
    assert clock.now() == datetime(2026, 1, 1, 0, 1, 30, tzinfo=UTC)
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("pattern", "event_type", "expected"),
    [
        ("lead.created", "lead.created", True),
        ("lead.created", "lead.updated", False),
        ("lead.*", "lead.updated", True),
        ("lead.*", "leads.updated", False),
        ("*", "deal.won", True),
    ],
)
def test_patterns_of_event_types(pattern, event_type, expected):
    assert matches(pattern, event_type) is expected
