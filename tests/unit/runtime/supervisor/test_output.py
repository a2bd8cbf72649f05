"""What hosts print becomes lines; a flood does not become a full disk."""

import os

import pytest

from geminicrm.runtime.supervisor import output as output_module
from geminicrm.runtime.supervisor.host_logs import HostLogs
from geminicrm.runtime.supervisor.loop import Loop
from geminicrm.runtime.supervisor.output import MOST_LINE, MOST_LINES, Output


@pytest.fixture
def printed(monkeypatch):
    monkeypatch.setattr(output_module, "REST_SECONDS", 0.01)
    return []


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


@pytest.fixture
def pipe(loop, printed):
    """Give the end that a host has, and our reader of the other one."""
    read, write = os.pipe()
    return write, Output(loop, read, printed.extend)


def test_lines_come_whole(loop, pipe, printed):
    write, output = pipe
    os.write(write, b"one\ntw")
    loop.step(1.0)
    assert printed == ["one"]
    os.write(write, b"o\nthree\xff")
    loop.step(0.05)  # it rests between two pieces
    loop.step(1.0)
    os.close(write)
    output.close()
    assert printed == ["one", "two", "three\ufffd"]


def test_what_was_not_read_yet_is_read_at_the_end(pipe, printed):
    write, output = pipe
    os.write(write, b"last words\n")
    output.close()
    os.close(write)
    assert printed == ["last words"]


def test_the_end_of_the_pipe_is_no_line(loop, pipe, printed):
    write, output = pipe
    os.close(write)
    loop.step(1.0)
    output.close()
    assert printed == []


def test_a_line_without_end_is_cut(loop, pipe, printed):
    write, output = pipe
    os.write(write, b"x" * (MOST_LINE + 1))
    loop.step(1.0)
    output.close()
    os.close(write)
    assert printed == ["x" * MOST_LINE]


def test_of_many_lines_some_are_left_out(loop, pipe, printed):
    write, output = pipe
    os.write(write, b"\n" * (MOST_LINES + 7))
    loop.step(1.0)
    output.close()
    os.close(write)
    assert printed[-1] == "(7 more lines were left out)"
    assert len(printed) == MOST_LINES + 1


def test_a_log_that_can_not_be_written_ends_nothing(tmp_path, capsys):
    logs = HostLogs(tmp_path)
    logs.note("../elsewhere", "info", "a name that is no id")
    assert "a log can't be written" in capsys.readouterr().err
    assert logs.last("../elsewhere") == ()
    logs.forget("../elsewhere")
    assert "a log can't be deleted" in capsys.readouterr().err
