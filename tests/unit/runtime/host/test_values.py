import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType

import pytest

from geminicrm.runtime.host.backs import GetRecord, UpdateRecord
from geminicrm.runtime.host.values import (
    GROWTH_PER_BYTE,
    GROWTH_PER_MARK,
    MOST_BYTES,
    MOST_DEPTH,
    MOST_MARKS,
    ValueRefused,
    decode,
    encode,
    encode_given,
)
from geminicrm.runtime.host.wire import FLOOR

PLAIN = {"a": [1, 2.5, None, True, "ü"], "b": {}}


def circle() -> list[object]:
    found: list[object] = []
    found.append(found)
    return found


@pytest.mark.parametrize("write", [encode, encode_given])
def test_json_comes_out_as_it_went_in(write):
    assert decode(write(PLAIN)) == PLAIN
    assert decode(write({"a": MappingProxyType({"b": (1,)})})) == {"a": {"b": [1]}}


def test_the_cores_own_values_may_be_dates():
    assert decode(encode(datetime(2026, 1, 2, tzinfo=UTC))) == "2026-01-02T00:00:00Z"


@pytest.mark.parametrize(
    "value",
    [
        b"bytes",
        {1, 2},
        datetime(2026, 1, 2, tzinfo=UTC),
        Decimal(1),
        object(),
        circle(),
        float("nan"),
        "\ud800",
        {(1, 2): 3},
    ],
    ids=range(9),
)
def test_what_json_does_not_have_is_refused_by_name(value: object):
    with pytest.raises(TypeError):
        encode_given({"value": value})


def test_refusals_say_what_to_use_instead():
    with pytest.raises(TypeError, match=r"JSON: bytes is none\. Use text, numbers"):
        encode_given(b"bytes")


@pytest.mark.parametrize("value", [object(), circle(), "\ud800"])
def test_the_cores_own_values_have_limits_too(value: object):
    with pytest.raises(TypeError, match="can't be written as JSON"):
        encode(value)


def test_values_have_the_type_that_is_asked_for():
    assert decode(b'{"record_id": "lead_1"}', GetRecord) == GetRecord("lead_1")
    with pytest.raises(ValueRefused, match="Expected `str`"):
        decode(b'{"record_id": 1}', GetRecord)
    with pytest.raises(ValueRefused, match="unknown field"):
        decode(b'{"record_id": "lead_1", "more": 1}', GetRecord)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "can't be read"),
        (b"{", "can't be read"),
        (b"[1] 2", "can't be read"),
        (b'"\xff"', "can't be read"),
        (b"9" * 5_000, "can't be read"),
        (b'"%s"' % bytes(MOST_BYTES), "4194306 bytes as JSON; 4194304 are allowed"),
        (b"[%s1]" % (b"1," * MOST_MARKS), "more than 100000 members"),
        (nested(MOST_DEPTH + 1), "more than 64 deep"),
        (b"[" * 90_000, "can't be read"),
        (b'{"a":[%s]}' % nested(MOST_DEPTH - 1), "more than 64 deep"),
    ],
)
def test_the_bounds_of_a_value(data: bytes, reason: str):
    with pytest.raises(ValueRefused, match=reason):
        decode(data)


def test_typed_values_are_bounded_in_depth():
    given = b'{"record_id": "x", "if_version": null, "changes": {"a": %s}}'

    assert decode(given % nested(MOST_DEPTH - 2), UpdateRecord).record_id == "x"
    with pytest.raises(ValueRefused, match="more than 64 deep"):
        decode(given % nested(MOST_DEPTH - 1), UpdateRecord)


def test_wide_values_are_no_deep_ones():
    assert decode(nested(MOST_DEPTH)) is not None
    assert len(decode(b"[" + b"{}," * 1_000 + b"[[[]]]]")) == 1_001


def many(item: str, count: int) -> bytes:
    return b"[%s]" % ",".join(item % at for at in range(count)).encode()


@pytest.mark.parametrize(
    "data",
    [
        many('{"\U0001f600%d":1}', 33_000),
        many('{"a":%d.5}', 33_000),
        many('[[],"%d"]', 33_000),
        many('"\U0001f600%d"', 99_000),
        many("%d.5", 99_000),
        many('{"%d":{}}', 33_000).replace(b"},{", b","),
        b'"%s\xf0\x9f\x98\x80"' % (b"a" * 4_000_000),
        b'"%s\\ud83d\\ude00"' % (b"a" * 4_000_000),
        b'"%s"' % (b"\\u0101" * 690_000),
        b"[" * 90_000,
        b"9" * 1_000_000,
    ],
    ids=range(11),
)
def test_growth_is_bounded_by_bytes_and_marks(data: bytes):
    marks = sum(map(data.count, (b"[", b"{", b",", b":")))

    assert growth_of(data) < GROWTH_PER_BYTE * len(data) + GROWTH_PER_MARK * marks + FLOOR


def growth_of(data: bytes) -> int:
    tracemalloc.start()
    try:
        decode(data)
    except ValueRefused:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak
