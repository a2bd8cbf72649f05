"""The part of a changelog between two versions."""

import pytest

from geminicrm.runtime.changelog import MOST, between

LOG = """# Changelog

Words.

## [2.1.0] - 2026-11-01
- Third.

### v2.0.0
- Second.

## 1.0.0
- First.
"""


@pytest.mark.parametrize(
    ("after", "upto", "words"),
    [
        ("1.0.0", "2.1.0", ["Third.", "Second."]),
        ("2.0.0", "2.1.0", ["Third."]),
        ("1.0.0", "2.0.0", ["Second."]),
        (None, "2.0.0", ["Second."]),
        ("2.1.0", "2.1.0", []),
    ],
)
def test_the_sections_between(after: str | None, upto: str, words: list[str]):
    found = between(LOG, after, upto)
    assert [line[2:] for line in found.splitlines() if line.startswith("- ")] == words
    assert "Words." not in found


def test_without_versions_in_its_headings_it_is_given_whole():
    assert between("# News\n\n## 1.2.3.4\nAll.\n", "1.0.0", "2.0.0") == "# News\n\n## 1.2.3.4\nAll."


def test_it_is_cut():
    assert len(between("x" * (MOST + 1), None, "1.0.0")) == MOST
