"""Semantic versions and their ranges."""

import pytest

from geminicrm.runtime.semver import NotAVersion, Range, SemVer

# The order of semver.org 2.0.0, part 11.
ORDERED = [
    "0.9.9",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "10.0.0",
]


def test_versions_sort_by_precedence():
    assert [str(one) for one in sorted(map(SemVer.parse, reversed(ORDERED)))] == ORDERED


def test_build_metadata_does_not_count():
    one, other = SemVer.parse("1.0.0+a.1"), SemVer.parse("1.0.0+b")
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == "1.0.0+a.1"


def test_a_version_is_no_text():
    assert SemVer.parse("1.0.0") != "1.0.0"


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0-01", "1.0.0-", "1.0.0\n", "1.0.٣"],
)
def test_what_is_no_version(text):
    with pytest.raises(NotAVersion):
        SemVer.parse(text)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("*", ["0.0.1", "9.9.9"], ["1.0.0-rc.1"]),
        ("1.2.3", ["1.2.3"], ["1.2.4", "1.2.2"]),
        ("=1.2.3", ["1.2.3+x"], ["1.2.4"]),
        ("==1.2.3", ["1.2.3"], ["1.2.4"]),
        ("1.2", ["1.2.0", "1.2.9"], ["1.3.0", "1.1.9"]),
        ("1.*", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.0"]),
        ("1.x.x", ["1.4.0"], ["2.0.0"]),
        (">=1.2 <2", ["1.2.0", "1.9.9"], ["1.1.9", "2.0.0"]),
        (">=1.2.0,<2.0.0", ["1.2.0"], ["2.0.0"]),
        (">= 1.2.0, < 2.0.0", ["1.2.0"], ["2.0.0"]),
        (">1.2", ["1.3.0"], ["1.2.9"]),
        (">1.2.3", ["1.2.4"], ["1.2.3"]),
        ("<=1.2", ["1.2.9"], ["1.3.0"]),
        ("<=1.2.3", ["1.2.3"], ["1.2.4"]),
        ("<1.2", ["1.1.9"], ["1.2.0"]),
        ("^1.2.3", ["1.2.3", "1.9.0"], ["2.0.0", "1.2.2"]),
        ("^0.2.3", ["0.2.9"], ["0.3.0"]),
        ("^0.0.3", ["0.0.3"], ["0.0.4"]),
        ("^0.0.0", ["0.0.0"], ["0.0.1"]),
        ("~1.2.3", ["1.2.9"], ["1.3.0"]),
        ("~1.2", ["1.2.0"], ["1.3.0"]),
        ("~1", ["1.9.0"], ["2.0.0"]),
        (">=1.0.0-beta.2", ["1.0.0-beta.3", "1.0.0", "1.4.0"], ["1.0.0-beta.1", "1.4.0-rc.1"]),
    ],
)
def test_ranges(text, inside, outside):
    given = Range.parse(text)
    assert [one for one in inside if not given.allows(SemVer.parse(one))] == []
    assert [one for one in outside if given.allows(SemVer.parse(one))] == []


@pytest.mark.parametrize(
    "text", ["", " ", "foo", ">=", ">=1.2 <", "1..2", "1.2.3.4", ">>1", "^^1", "<>1", "x", ">=*"]
)
def test_what_is_no_range(text):
    with pytest.raises(NotAVersion):
        Range.parse(text)
