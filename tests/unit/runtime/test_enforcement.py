"""Who enforces what, and in which words."""

import pytest

from geminicrm.runtime.enforcement import (
    ENFORCED_WORDS,
    ISOLATION_WORDS,
    LAYER_WORDS,
    OUTSIDE_WORDS,
    enforced_by,
    enforcements,
    isolation,
    layers,
)


@pytest.mark.parametrize(
    ("built_in", "trusted", "how", "by", "outside"),
    [
        (True, False, "in-process", "core", "nobody"),
        (True, True, "in-process", "core", "nobody"),
        (False, False, "sandboxed", "system", "system"),
        (False, True, "unsandboxed", "nobody", "nobody"),
    ],
)
def test_what_confines_the_code_says_who_enforces(
    built_in: bool,  # noqa: FBT001 - a column of the table above
    trusted: bool,  # noqa: FBT001 - a column of the table above
    how: str,
    by: str,
    outside: str,
):
    assert isolation(built_in=built_in, trusted=trusted) == how
    said = {one["what"]: (one["enforced_by"], one["sentence"]) for one in enforcements(how)}
    assert said == {
        "permissions": (by, ENFORCED_WORDS[by]),
        "hosts": (by, ENFORCED_WORDS[by]),
        "outside": (outside, OUTSIDE_WORDS[how]),
    }
    assert ISOLATION_WORDS[how]


def test_what_nobody_knows_is_enforced_by_nobody():
    assert enforced_by("whatever") == "nobody"
    assert {one["enforced_by"] for one in enforcements("whatever")} == {"nobody"}


def test_the_locks_come_in_one_order_with_their_reasons():
    level = {
        "extra": "on",
        "uid": "off: the server was not started as root",
        "seccomp": "on",
        "landlock": "on (ABI 7)",
    }
    found = [(one["layer"], one["on"], one["detail"]) for one in layers(level)]
    assert found == [
        ("landlock", True, "ABI 7"),
        ("seccomp", True, ""),
        ("uid", False, "the server was not started as root"),
        ("extra", True, ""),
    ]
    assert layers(level)[0]["title"] == LAYER_WORDS["landlock"][0]
    assert layers(level)[3]["title"] == "extra"
    assert layers(None) == []


def test_a_state_that_nobody_knows_counts_as_off():
    assert [one["on"] for one in layers({"seccomp": "only half", "landlock": "onward"})] == [
        False,
        False,
    ]
