"""A disk without room, however one hears of it."""

import errno
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from geminicrm.kernel.disk import disk_full, is_full


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError(errno.EFBIG, "File too large"),
        OperationalError("INSERT", {}, Exception("database or disk is full")),
        OperationalError("INSERT", {}, Exception("could not extend file: No space left on device")),
    ],
)
def test_each_engine_and_the_system_say_it_in_their_words(error: Exception):
    assert is_full(error)
    wrapped = ValueError("it could not be stored")
    wrapped.__cause__ = error
    assert is_full(wrapped)


@pytest.mark.parametrize(
    "error", [OSError(errno.EACCES, "x"), ValueError(), OperationalError("x", {}, Exception("y"))]
)
def test_other_errors_are_others(error: Exception):
    assert not is_full(error)


def test_it_says_how_much_is_left_and_what_to_free(tmp_path: Path):
    error = disk_full("a package", tmp_path, "Delete something.")
    assert (error.code, error.status) == ("disk_full", 507)
    assert "MiB are free there. Delete something." in error.detail
    assert "can't be told" in disk_full("a package", tmp_path / "none", "x").detail
