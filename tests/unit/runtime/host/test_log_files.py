"""The logs of installations: whole lines, a bounded size, several writers."""

import fcntl
import os
import threading

import pytest

from geminicrm.runtime.host import log_files
from geminicrm.runtime.host.log_files import append, path_of, remove, tail


def test_a_line_keeps_what_it_was_given(tmp_path):
    append(tmp_path / "logs", "inst", "warning", "log", "hello \udc80", {"lead": "led_1"})
    append(tmp_path / "logs", "inst", "info", "output", "plain")
    first, second = tail(tmp_path / "logs", "inst", 10)
    assert (first["level"], first["source"], first["message"]) == ("warning", "log", "hello \udc80")
    assert first["fields"] == {"lead": "led_1"}
    assert "fields" not in second
    assert first["at"] < second["at"] or first["at"] == second["at"]
    assert path_of(tmp_path / "logs", "inst").stat().st_mode & 0o777 == 0o600


def test_the_last_lines_come_from_both_files(tmp_path, monkeypatch):
    monkeypatch.setattr(log_files, "MOST_BYTES", 400)
    for number in range(10):
        append(tmp_path, "inst", "info", "log", f"line {number}")
    assert [entry["message"] for entry in tail(tmp_path, "inst", 3)] == [
        "line 7",
        "line 8",
        "line 9",
    ]
    assert path_of(tmp_path, "inst").stat().st_size <= 400
    assert tail(tmp_path, "inst", 0) == []
    remove(tmp_path, "inst")
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_long_is_cut(tmp_path):
    append(tmp_path, "inst", "info", "log", "x" * 10_000, {"much": "y" * 20_000})
    (entry,) = tail(tmp_path, "inst", 1)
    assert entry["message"] == "x" * log_files.MOST_TEXT
    assert "fields" not in entry


def test_what_is_no_line_of_ours_is_left_out(tmp_path):
    path_of(tmp_path, "inst").write_bytes(b"torn {\n[1]\n")
    append(tmp_path, "inst", "info", "log", "whole")
    assert [entry["message"] for entry in tail(tmp_path, "inst", 10)] == ["whole"]
    assert tail(tmp_path, "nobody", 10) == []


@pytest.mark.parametrize("name", ["", "../up", "a/b", "a.b", "x" * 201])
def test_an_id_that_is_no_plain_name_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="no id of an installation"):
        append(tmp_path, name, "info", "log", "never")


def test_a_writer_that_waited_while_another_rotated_writes_to_the_new_file(tmp_path):
    path = path_of(tmp_path, "inst")
    append(tmp_path, "inst", "info", "log", "old")
    held = os.open(path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    writer = threading.Thread(target=append, args=(tmp_path, "inst", "info", "log", "new"))
    writer.start()
    path.replace(path.with_suffix(".log.1"))
    os.close(held)
    writer.join()
    assert b"new" in path.read_bytes()
