"""Which process runs which test, and which tests come first."""

import pytest
from typing_extensions import override
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# The longest first: one that began last would be waited for with nothing beside it.
FIRST = (
    "tests/reliability/",
    "tests/journeys/test_author_and_admin.py",
    "tests/docs/test_walk.py",
    "tests/journeys/test_main_job.py",
    "tests/journeys/test_safe_mode.py",
    "tests/journeys/",
    "tests/hostile/",
)
# What has its server to itself; the tests of any other file share what is made once for the file.
APART = ("tests/reliability/", "tests/journeys/")


class ByFile(LoadScopeScheduling):  # type: ignore[misc] # published without types
    """Gives a file to one process, and those that are long test by test."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]


def place(nodeid: str) -> int:
    """Tell how early a test comes: 0 is first, and all that have no place come last."""
    found = (at for at, start in enumerate(FIRST) if nodeid.startswith(start))
    return next(found, len(FIRST))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Move the long ones to the front; the rest stays in the random order that it has."""
    items.sort(key=lambda item: place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Hand out files, in the order they have here."""
    config.option.loadscopereorder = False
    return ByFile(config, log)
