"""What would be made anew for each test and is the same each time: made once in a run."""

import gc
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule
from werkzeug.security import check_password_hash

from geminicrm.identity.sign_in import hash_password

_ALLOCATIONS = 50_000
STORIES = ("tests/docs/", "tests/hostile/", "tests/journeys/", "tests/reliability/")
# Coverage tells the processes that it is to count in by this variable.
COUNTING = "COVERAGE_PROCESS_CONFIG"
Builder = Callable[..., Any]


@pytest.fixture(scope="session", autouse=True)
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hash a password once, compile a template once, and how to build an address when asked to.

    Password hashes are slow by design, and no test is about that; a test has an application of its
    own, with 30 templates and 300 addresses, and looks at a page or two.
    """
    templates = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("geminicrm.identity.people.hash_password", cache(hash_password))
        patch.setattr("geminicrm.identity.sign_in.check_password_hash", cache(check_password_hash))
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": templates})
        patch.setattr(Rule, "_compile_builder", _when_asked(Rule._compile_builder))  # noqa: SLF001 - a third of an application's start
        yield


@pytest.fixture(scope="module", autouse=True)
def uncounted_servers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Count no line in the servers and commands of whole stories.

    Counting doubles what a process costs to start, and stories start hundreds; what runs in them
    has tests of its own, so the required coverage is reached without them.
    """
    with pytest.MonkeyPatch.context() as patch:
        if is_story(request.node.nodeid):
            patch.delenv(COUNTING, raising=False)
        yield


def is_story(nodeid: str) -> bool:
    """Tell whether a test tells a whole story."""
    return nodeid.startswith(STORIES)


def _when_asked(compiled: Callable[[Rule, bool], Builder]) -> Callable[..., Builder]:
    def compile_builder(rule: Rule, append_unknown: bool = True) -> Builder:  # noqa: FBT001, FBT002 - as it is there
        made: list[Builder] = []

        def build(*given: Any, **values: Any) -> Any:
            made[:] = made or [compiled(rule, append_unknown)]
            return made[0](*given, **values)

        return build

    return compile_builder


def pytest_collection_finish() -> None:
    """Look less often at what lives as long as the run: modules and tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 20, 20)
