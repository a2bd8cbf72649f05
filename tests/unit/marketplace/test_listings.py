from datetime import UTC, datetime

import pytest

from marketplace.listings import Release, latest_of, newest_first


def release(version: str) -> Release:
    return Release(
        extension_id="a",
        version=version,
        digest="d",
        size=1,
        manifest={},
        code_url=None,
        published_at=datetime(2026, 11, 21, tzinfo=UTC),
        published_by="Olga",
    )


@pytest.mark.parametrize(
    ("versions", "latest"),
    [
        (["1.9.0", "1.10.0"], "1.10.0"),
        (["1.0.0", "2.0.0-beta.1"], "1.0.0"),
        (["2.0.0-alpha", "2.0.0-beta"], "2.0.0-beta"),
    ],
)
def test_people_get_the_highest_version_that_is_no_pre_release(versions: list[str], latest: str):
    assert latest_of(versions) == latest


def test_versions_are_sorted_by_precedence():
    given = [release("1.2.0"), release("1.10.0"), release("1.10.0-rc.1")]

    assert [each.version for each in newest_first(given)] == ["1.10.0", "1.10.0-rc.1", "1.2.0"]
