import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from geminicrm.kernel import logs

TOKEN = "gck_" + "a1" * 16


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    logs.unbind()


def entries(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_one_line_of_json_with_the_bound_ids(stream: io.StringIO) -> None:
    logs.configure("info", json=True, stream=stream)
    logs.bind(request_id="req_1", workspace_id="ws_1")
    with logs.bound(extension_id="hello", actor="usr_1"):
        structlog.get_logger("geminicrm.test").info("lead.saved", lead="lead_1")
    structlog.get_logger().info("after")
    first, second = entries(stream)
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "event": "lead.saved",
        "level": "info",
        "logger": "geminicrm.test",
        "lead": "lead_1",
        "request_id": "req_1",
        "workspace_id": "ws_1",
        "extension_id": "hello",
        "actor": "usr_1",
    }
    assert "extension_id" not in second
    assert second["request_id"] == "req_1"


def test_ids_are_forgotten_when_asked(stream: io.StringIO) -> None:
    logs.configure("INFO", json=True, stream=stream)
    logs.bind(request_id="req_1")
    logs.unbind()
    structlog.get_logger().info("next")
    assert "request_id" not in entries(stream)[0]


def test_entries_below_the_level_are_dropped(stream: io.StringIO) -> None:
    logs.configure("WARNING", json=True, stream=stream)
    structlog.get_logger().info("quiet")
    logging.getLogger("sqlalchemy.engine").info("quiet too")
    structlog.get_logger().warning("loud")
    assert [entry["event"] for entry in entries(stream)] == ["loud"]


@pytest.mark.parametrize(
    "name", ["werkzeug", "_granian", "granian.access", "gunicorn.access", "sqlalchemy.engine"]
)
def test_the_standard_librarys_loggers_speak_through_ours(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).addHandler(logging.NullHandler())
    logs.configure("INFO", json=True, stream=stream)
    logs.bind(request_id="req_1")
    logging.getLogger(name).warning("served %s", "/leads")
    (entry,) = entries(stream)
    assert (entry["event"], entry["logger"], entry["level"]) == ("served /leads", name, "warning")
    assert entry["request_id"] == "req_1"


def test_warnings_are_entries(stream: io.StringIO) -> None:
    logs.configure("INFO", json=True, stream=stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("mind this", UserWarning, stacklevel=1)
    logging.captureWarnings(capture=False)
    assert "mind this" in stream.getvalue()


def fail(password: str) -> None:
    raise ValueError(f"refused with Bearer {password}")


def log_a_failure(**more: str) -> None:
    try:
        fail(TOKEN)
    except ValueError:
        structlog.get_logger().exception("job.failed", **more)


def test_traces_hold_no_local_variables_and_no_tokens(stream: io.StringIO) -> None:
    logs.configure("INFO", json=True, stream=stream)
    log_a_failure()
    (entry,) = entries(stream)
    assert entry["exception"][0]["exc_type"] == "ValueError"
    assert "refused with Bearer [hidden]" in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_the_console_is_readable_and_masks_too(stream: io.StringIO) -> None:
    logs.configure("INFO", json=False, stream=stream)
    log_a_failure(api_key="k", lead="lead_1")
    text = stream.getvalue()
    assert "job.failed" in text
    assert "lead_1" in text
    assert "Traceback" in text
    assert TOKEN not in text
    assert "api_key=[hidden]" in text


def test_the_usual_stream_is_standard_error(
    stream: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("INFO", json=True)
    structlog.get_logger().info("here")
    assert entries(stream)[0]["event"] == "here"


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "Passwd",
        "api_token",
        "client_secret",
        "Authorization",
        "Set-Cookie",
        "apiKey",
        "api_key",
        "private_key",
        "session_id",
        "credentials",
        "csrf_token",
    ],
)
def test_values_under_secret_names_are_masked_at_any_depth(key: str) -> None:
    assert logs.redact({"a": [{key: "hush", "b": 1}]}) == {"a": [{key: "[hidden]", "b": 1}]}


def test_an_absent_secret_stays_absent() -> None:
    assert logs.redact({"password": None}) == {"password": None}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"token {TOKEN}!", "token gck_[hidden]!"),
        ("authorization: Bearer abcdefghijklmnop.qr-s", "authorization: Bearer [hidden]"),
        ("Basic dXNlcjpwYXNzd29yZA==", "Basic [hidden]"),
        ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_[hidden]"),
        ("Basic authentication is used", "Basic authentication is used"),
        ("lead_06fabc saved", "lead_06fabc saved"),
    ],
)
def test_secrets_within_a_text_are_masked(text: str, masked: str) -> None:
    assert logs.redact(text) == masked


def test_other_values_stay_and_giants_are_cut() -> None:
    assert logs.redact({"n": 1, "t": ("a", 2.5), "raw": b"abc"}) == {
        "n": 1,
        "t": ["a", 2.5],
        "raw": "[3 bytes]",
    }
    deep: list[object] = []
    deep.append(deep)
    assert "[too deep]" in str(logs.redact(deep))
