"""Following a log, past its rotation."""

from pathlib import Path

import pytest

from geminicrm.runtime.extension_logs import ExtensionLogs
from geminicrm.runtime.log_following import Following

ONE = "inst_1"


@pytest.fixture
def logs(tmp_path: Path) -> ExtensionLogs:
    return ExtensionLogs(tmp_path)


def told(following: Following) -> list[str]:
    return [line["message"] for line in following.news()]


def write(logs: ExtensionLogs, *messages: str) -> None:
    for message in messages:
        logs.write(ONE, "info", "log", message)


def test_each_line_is_told_once(logs: ExtensionLogs):
    following = logs.follow(ONE)
    assert told(following) == []
    write(logs, "a", "b")
    assert told(following) == ["a", "b"]
    assert told(following) == []
    write(logs, "c")
    assert told(following) == ["c"]
    following.close()


def test_a_rotation_loses_nothing(logs: ExtensionLogs, tmp_path: Path):
    write(logs, "a")
    following = logs.follow(ONE)
    assert told(following) == ["a"]
    write(logs, "b")
    (tmp_path / f"{ONE}.log").rename(tmp_path / f"{ONE}.log.1")
    assert told(following) == ["b"]
    write(logs, "c")
    assert told(following) == ["c"]
    write(logs, "d")
    (tmp_path / f"{ONE}.log").rename(tmp_path / f"{ONE}.log.1")
    write(logs, "e")
    assert told(following) == ["d", "e"]
    following.close()


def test_a_line_is_told_when_it_is_whole(logs: ExtensionLogs, tmp_path: Path):
    path = tmp_path / f"{ONE}.log"
    path.write_bytes(b'nonsense\n{"message": "a"')
    following = logs.follow(ONE)
    assert told(following) == []
    with path.open("ab") as file:
        file.write(b"}\n")
    assert told(following) == ["a"]
    following.close()
    following.close()
