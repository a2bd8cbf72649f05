"""Logs of installations: bounded, never in the way, readable whatever was written."""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
from structlog.testing import capture_logs

from geminicrm.runtime.extension_logs import MOST_FIELDS, MOST_TEXT, ExtensionLogs
from geminicrm.runtime.log_lines import shaped

ONE = "inst_1"


@pytest.fixture
def logs(tmp_path: Path) -> ExtensionLogs:
    return ExtensionLogs(tmp_path / "logs")


class Mute:
    def __str__(self) -> NoReturn:
        raise ValueError("no text")


def test_lines_come_back_newest_last(logs: ExtensionLogs):
    logs.write(ONE, "info", "log", "first", {"lead": "lead_1", "many": [1, {"a": None}]})
    logs.write(ONE, "error", "core", "second")
    logs.write("inst_2", "info", "log", "another's")
    first, second = logs.tail(ONE, 10)
    assert datetime.fromisoformat(first["at"]).tzinfo is not None
    assert (first["level"], first["source"], first["message"]) == ("info", "log", "first")
    assert first["fields"] == {"lead": "lead_1", "many": [1, {"a": None}]}
    assert (second["source"], second["message"], second["fields"]) == ("core", "second", {})
    assert logs.tail(ONE, 1) == [second]
    assert logs.tail("inst_3", 5) == []


def test_messages_and_fields_are_bounded(logs: ExtensionLogs):
    logs.write(ONE, "info", "log", "x" * 10_000, {"much": "ü" * MOST_FIELDS})
    (line,) = logs.tail(ONE, 1)
    assert len(line["message"]) == MOST_TEXT
    assert list(line["fields"]) == ["left_out"]


@pytest.mark.parametrize(
    ("message", "fields", "shown"),
    [
        (3, {}, {}),
        ("x", {"when": datetime(2026, 1, 1)}, {"when": "2026-01-01 00:00:00"}),  # noqa: DTZ001 - an extension's field may be anything
        ("x", {"half": "\ud800"}, {"as_text": '{"half": "\\ud800"}'}),
        ("x", {"large": 2**70}, {"as_text": '{"large": 1180591620717411303424}'}),
    ],
)
def test_whatever_is_logged_can_be_shown(
    logs: ExtensionLogs, message: Any, fields: dict[str, Any], shown: dict[str, Any]
):
    logs.write(ONE, "info", "log", message, fields)
    (line,) = logs.tail(ONE, 1)
    assert (line["message"], line["fields"]) == (str(message), shown)


@pytest.mark.parametrize(
    ("message", "fields"), [(Mute(), {}), ("x", {"mute": Mute()}), ("x", {"keys": {(1,): 2}})]
)
def test_what_cannot_be_written_is_dropped(logs: ExtensionLogs, message: Any, fields: Any):
    with capture_logs() as seen:
        logs.write(ONE, "info", "log", message, fields)
    assert logs.tail(ONE, 1) == []
    assert seen[0]["installation_id"] == ONE


def test_a_folder_that_cannot_be_made_is_no_failure(tmp_path: Path):
    (tmp_path / "logs").write_text("a file")
    with capture_logs() as seen:
        ExtensionLogs(tmp_path / "logs").write(ONE, "info", "log", "x")
    assert "dropped" in seen[0]["event"]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ({}, {"at": "", "level": "", "source": "", "message": "", "fields": {}}),
        ({"at": "yesterday", "fields": [1]}, {"at": "", "fields": {}}),
        ({"at": "2026-01-01T00:00:00"}, {"at": ""}),
        ({"at": "2026-01-01T00:00:00+00:00"}, {"at": "2026-01-01T00:00:00+00:00"}),
        ({"message": "a\ud800b", "level": 3}, {"message": "a?b", "level": "3"}),
    ],
)
def test_a_line_has_all_its_members(line: dict[str, Any], shown: dict[str, Any]):
    made = shaped(line)
    assert shown.items() <= made.items()
    assert json.dumps(made, ensure_ascii=False).encode()


def test_logs_are_removed_and_collected(logs: ExtensionLogs):
    logs.collect(set(), -1)  # there is no folder yet
    for name in (ONE, "inst_2", "inst_3"):
        logs.write(name, "info", "log", "x")
    logs.remove(ONE)
    logs.remove(ONE)
    logs.collect({"inst_2"}, 60)
    assert len(logs.tail("inst_3", 1)) == 1
    os.utime(logs.folder / "inst_3.log", (0, 0))
    os.utime(logs.folder / "inst_2.log", (0, 0))
    logs.collect({"inst_2"}, 60)
    assert [path.name for path in logs.folder.iterdir()] == ["inst_2.log"]


def test_a_log_that_cannot_be_deleted_is_told(logs: ExtensionLogs):
    (logs.folder / f"{ONE}.log").mkdir(parents=True)
    with capture_logs() as seen:
        logs.remove(ONE)
    assert seen[0]["event"] == "a log was not deleted"


def test_a_log_that_is_gone_already_is_collected(logs: ExtensionLogs):
    logs.folder.mkdir()
    (logs.folder / f"{ONE}.log").symlink_to("nowhere")
    logs.collect(set(), -1)
    assert [path.name for path in logs.folder.iterdir()] == [f"{ONE}.log"]
