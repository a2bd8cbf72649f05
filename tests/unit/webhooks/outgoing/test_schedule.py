"""When a delivery is tried again."""

from datetime import UTC, datetime

import pytest

from geminicrm.webhooks.outgoing.schedule import DELAYS, next_delay, retry_after

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def test_the_schedule_is_the_one_of_the_specification():
    assert sum(DELAYS) == 75 * 3600 + 35 * 60 + 5
    assert DELAYS == (0, 5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


@pytest.mark.parametrize("failed", range(1, 10))
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_jitter_is_added_and_never_more_than_a_tenth(failed, chance):
    base = DELAYS[failed]
    delay = next_delay(failed, chance)
    assert base <= delay <= base * 1.1
    assert (delay == base) == (chance == 0.0)


def test_there_is_no_eleventh_attempt():
    assert next_delay(10, 0.5) is None


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("999999999", 86_400.0),
        ("Sat, 21 Nov 2026 09:02:00 GMT", 120.0),
        ("Sat, 21 Nov 2026 08:00:00 GMT", 0.0),
        ("Tue, 21 Nov 2028 08:00:00 GMT", 86_400.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("9" * 13, None),
    ],
)
def test_retry_after_is_read_in_both_forms(written, seconds):
    assert retry_after(written, NOW) == seconds
