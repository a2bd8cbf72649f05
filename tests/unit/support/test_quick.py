import os

import pytest

from tests.support.quick import COUNTING, is_story

TESTS = """
import os
from tests.support.quick import uncounted_servers

def test_it():
    assert os.environ.get({name!r}) == {value!r}
"""


@pytest.mark.parametrize(
    ("nodeid", "story"),
    [
        ("tests/journeys/test_backlog.py::test_a_person", True),
        ("tests/reliability/test_disk_full.py", True),
        ("tests/unit/test_processes.py::test_the_tree", False),
    ],
)
def test_whole_stories_are_known_by_their_folder(nodeid: str, *, story: bool):
    assert is_story(nodeid) is story


@pytest.mark.parametrize(("folder", "value"), [("unit", "given"), ("journeys", None)])
def test_the_processes_of_a_story_alone_are_not_counted(
    folder: str, value: str | None, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(COUNTING, "given")
    place = pytester.mkdir("tests") / folder
    place.mkdir()
    place.joinpath("test_it.py").write_text(TESTS.format(name=COUNTING, value=value))
    pytester.inline_run("-p", "no:randomly", "-p", "no:cacheprovider").assertoutcome(passed=1)
    assert os.environ[COUNTING] == "given"
