"""What an extension may ask for at `app.http`."""

import math
import time
from typing import Any

import pytest

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.kernel.http import HttpTimeout
from geminicrm.runtime.call_context import CallContext
from geminicrm.runtime.http_request import LONGEST_SECONDS, Asked, request_of

URL = "https://api.example.com/x"


def asked(**changes: Any) -> Asked:
    usual: dict[str, Any] = {
        "method": "get",
        "url": URL,
        "headers": None,
        "json": None,
        "body": None,
        "timeout": 5.0,
        "retries": 3,
        "idempotency_key": None,
        "idempotency_header": "Idempotency-Key",
        "cache_seconds": 0.0,
    }
    return Asked(**{**usual, **changes})


def call(seconds: float = 100.0) -> CallContext:
    nobody: Any = None
    made = CallContext(nobody, nobody, "route", seconds)
    made.deadline = time.monotonic() + seconds
    return made


def test_a_plain_request():
    made = request_of(asked(body=b"x", headers={"X-A": "1"}), call())
    assert (made.method, made.url, made.body, dict(made.headers)) == (
        "GET", URL, b"x", {"X-A": "1"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (None, {"Content-Type": "application/json"}),
        ({"content-type": "text/x"}, {"content-type": "text/x"}),
    ],
)
def test_json_is_announced_unless_something_else_is(headers: Any, sent: dict[str, str]):
    made = request_of(asked(json={"a": 1}, headers=headers), call())
    assert (made.body, made.headers) == (b'{"a": 1}', sent)


def test_a_key_goes_in_its_header_and_makes_the_call_repeatable():
    made = request_of(asked(method="post", idempotency_key="k1"), call())
    assert (made.headers, made.repeatable) == ({"Idempotency-Key": "k1"}, True)
    named = request_of(asked(idempotency_key="k1", idempotency_header="X-Request-Id"), call())
    assert named.headers == {"X-Request-Id": "k1"}


@pytest.mark.parametrize(
    ("timeout", "left", "least", "most"),
    [
        (5, 100, 5, 5),
        (600, 100, LONGEST_SECONDS, LONGEST_SECONDS),
        (5, 2, 1, 2),
    ],
)
def test_it_ends_with_the_call_at_the_latest(timeout: float, left: float, least: int, most: int):
    assert least <= request_of(asked(timeout=timeout), call(left)).deadline_seconds <= most


def test_without_time_nothing_is_sent():
    with pytest.raises(HttpTimeout) as caught:
        request_of(asked(), call(-1))
    assert not caught.value.sent


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"method": 3}, "/method"),
        ({"url": b"https://api.example.com"}, "/url"),
        ({"headers": {"X-A": 1}}, "/headers"),
        ({"headers": {1: "x"}}, "/headers"),
        ({"headers": [("X-A", "1")]}, "/headers"),
        ({"body": "text"}, "/body"),
        ({"body": b"", "json": {}}, "/body"),
        ({"timeout": 0}, "/timeout"),
        ({"timeout": -1}, "/timeout"),
        ({"timeout": math.nan}, "/timeout"),
        ({"timeout": math.inf}, "/timeout"),
        ({"timeout": True}, "/timeout"),
        ({"timeout": "5"}, "/timeout"),
        ({"retries": -1}, "/retries"),
        ({"retries": "3"}, "/retries"),
        ({"idempotency_key": ""}, "/idempotency_key"),
        ({"idempotency_key": "x" * 201}, "/idempotency_key"),
        ({"idempotency_key": "k", "idempotency_header": 3}, "/idempotency_key"),
        ({"cache_seconds": -1}, "/cache_seconds"),
        ({"json": {1, 2}}, "/json"),
        ({"json": math.nan}, "/json"),
    ],
)
def test_each_wrong_argument_is_named(wrong: dict[str, Any], pointer: str):
    with pytest.raises(ValidationFailed) as caught:
        request_of(asked(**wrong), call())
    assert [one.pointer for one in caught.value.findings] == [pointer]


def test_all_wrong_arguments_are_named_together():
    with pytest.raises(ValidationFailed) as caught:
        request_of(asked(method=None, url=None, timeout=None), call())
    assert len(caught.value.findings) == 3
