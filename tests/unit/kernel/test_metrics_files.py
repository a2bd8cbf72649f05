"""Files of metrics: no page is written to that the disk has not given."""

import errno
import os

import pytest
from prometheus_client.mmap_dict import MmapedDict
from structlog.testing import capture_logs

from geminicrm.kernel.metrics_files import ReservedDict

KEYS = [f"metric-{number}-{'x' * 100}" for number in range(2_000)]
PAGE = 65_536


@pytest.fixture
def path(tmp_path):
    return tmp_path / "counter_1.db"


@pytest.fixture
def opened(path):
    """Give a function that opens the file, as a process does."""
    made = []

    def make():
        made.append(ReservedDict(str(path)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def without_room(monkeypatch):
    """Let the disk give nothing more. A real one is in tests/reliability."""

    def full(*_about):
        raise OSError(errno.ENOSPC, "No space left on device")

    return lambda: monkeypatch.setattr(os, "posix_fallocate", full)


def filled(kept):
    for number, key in enumerate(KEYS):
        kept.write_value(key, float(number), 0.0)
    return kept


def expect_all(kept):
    assert {key: kept.read_value(key)[0] for key in KEYS} == {
        key: float(number) for number, key in enumerate(KEYS)
    }


def given(path):
    return path.stat().st_blocks * 512


def test_a_file_has_its_pages_before_they_are_used(path, opened):
    kept = opened()
    assert given(path) >= path.stat().st_size == PAGE
    expect_all(filled(kept))
    assert given(path) >= path.stat().st_size > PAGE
    assert len(list(MmapedDict.read_all_values_from_file(str(path)))) == len(KEYS)


def test_what_an_earlier_process_has_left_is_read(opened):
    filled(opened())
    expect_all(opened())


def test_without_room_at_the_start_it_counts_in_memory(path, opened, without_room):
    without_room()
    with capture_logs() as logs:
        expect_all(filled(opened()))
    assert not path.exists(), "an empty one could not be read"
    assert logs[0]["event"] == "no room for metrics: they are counted in memory, and not shown"


def test_without_room_to_grow_it_goes_on_in_memory(path, opened, without_room):
    kept = opened()
    kept.write_value("before", 7.0, 0.0)
    without_room()
    with capture_logs():
        expect_all(filled(kept))
    assert kept.read_value("before")[0] == 7.0
    assert path.stat().st_size == PAGE
    shown = {key: value for key, value, *_ in MmapedDict.read_all_values_from_file(str(path))}
    assert shown["before"] == 7.0, "what is there can still be added up"
