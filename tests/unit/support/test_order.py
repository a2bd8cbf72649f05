import pytest

from tests.support.order import ByFile, place

KILLING = "tests/reliability/test_kill_nine.py::test_on_sqlite_without_redis"
WALK = "tests/docs/test_walk.py::test_the_rest_samples_answer"
STORY = "tests/journeys/test_backlog.py::test_a_person"
SHORT = "tests/unit/test_config.py::test_one[a]"


def test_the_longest_come_first():
    assert sorted([SHORT, STORY, WALK, KILLING], key=place) == [KILLING, WALK, STORY, SHORT]


@pytest.mark.parametrize(
    ("nodeid", "unit"),
    [
        (KILLING, KILLING),
        (STORY, STORY),
        (WALK, "tests/docs/test_walk.py"),
        (SHORT, "tests/unit/test_config.py"),
    ],
)
def test_a_file_stays_together_unless_its_tests_share_nothing(nodeid: str, unit: str):
    assert object.__new__(ByFile)._split_scope(nodeid) == unit  # noqa: SLF001 - what xdist asks
