"""Pauses after crashes, and the crash loop."""

from geminicrm.runtime.supervisor.crashes import LOOP, PAUSES, Crashes


def test_nothing_hinders_what_never_crashed():
    assert Crashes().hindrance("one", "a", 0.0) is None


def test_each_crash_in_a_row_doubles_the_pause():
    crashes = Crashes()
    pauses = [crashes.add("one", "a", number, "broke").retry_after for number in range(LOOP - 1)]
    assert tuple(pauses) == PAUSES[: LOOP - 1]


def test_the_pause_passes():
    crashes = Crashes()
    crashes.add("one", "a", 10.0, "broke")
    found = crashes.hindrance("one", "a", 10.2)
    assert (found.loops, found.reason, round(found.retry_after, 3)) == (False, "broke", 0.3)
    assert crashes.hindrance("one", "a", 10.6) is None


def test_crashes_of_one_do_not_hinder_another():
    crashes = Crashes()
    crashes.add("one", "a", 10.0, "broke")
    assert crashes.hindrance("two", "a", 10.0) is None


def test_a_version_does_not_wait_for_the_pauses_of_another():
    crashes = Crashes()
    for number in range(LOOP):
        crashes.add("one", "a", 0.1 * number, "broke")
    assert crashes.hindrance("one", "a", 1.0).loops
    assert crashes.hindrance("one", "b", 1.0) is None


def test_five_within_a_minute_are_a_loop_until_forgiven():
    crashes = Crashes()
    found = [crashes.add("one", "a", 10.0 * number, "broke") for number in range(LOOP)]
    assert [each.loops for each in found] == [False] * (LOOP - 1) + [True]
    assert crashes.hindrance("one", "a", 10_000.0).loops
    crashes.forgive("one")
    assert crashes.hindrance("one", "a", 10_000.0) is None


def test_five_over_a_longer_time_are_none():
    crashes = Crashes()
    found = [crashes.add("one", "a", 20.0 * number, "broke") for number in range(2 * LOOP)]
    assert not any(each.loops for each in found)
    assert found[-1].retry_after == PAUSES[2]
