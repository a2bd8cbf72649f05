"""`kill -9` at every moment of every action: afterwards it has happened, or has not."""

import contextlib
import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from geminicrm.app import Core
from tests.support.core import make_tenant
from tests.support.killing.home import Home
from tests.support.killing.scenarios import SCENARIOS, Scenario
from tests.support.sampling import Sample
from tests.support.waiting import Late, eventually

NOTHING = {
    "installed": [],
    "removed": [],
    "kept": [],
    "versions": [],
    "documents": [],
    "running": 0,
    "locked": 0,
    "files": [],
    "logs of others": [],
    "hosts of others": [],
}


QUIET: dict[str, Any] = {"logs of others": [], "hosts of others": []}


DATABASES: dict[str, Callable[[pytest.FixtureRequest, Path], str]] = {
    "sqlite": lambda _request, folder: f"sqlite:///{folder / 'test.db'}",
    "postgresql": lambda request, _folder: request.getfixturevalue("fresh_database")(),
}


@pytest.fixture(params=DATABASES)
def new_home(
    request: pytest.FixtureRequest,
    make_core: Callable[..., Core],
    tmp_path: Path,
    confining: None,
) -> Callable[[], Home]:
    """Give a maker of homes of servers that live on, with the machine's supervisor."""
    numbers = itertools.count()

    def make() -> Home:
        folder = tmp_path / f"home{next(numbers)}"
        url = DATABASES[request.param](request, folder)
        core = make_core(GEMINICRM_HOME=str(folder), GEMINICRM_DATABASE_URL=url)
        core.runtime.start()
        return Home(core, make_tenant(core, "north"))

    return make


def settled(look: Callable[[], dict[str, Any]], *allowed: object) -> dict[str, Any]:
    """Look again for a while: hosts and their logs go a moment after they are told to."""
    with contextlib.suppress(Late):
        eventually(lambda: look() in allowed, 10)
    return look()


def seen_of(home: Home, scenario: Scenario) -> dict[str, Any]:
    """Look at all that the scenario has to leave as it was where it is undone."""
    return {name: what for name, what in home.look().items() if name not in scenario.leaves}


def differing(seen: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Give what is otherwise than it should be."""
    return {name: seen[name] for name in seen if seen[name] != wanted[name]}


@pytest.mark.long
def test_nothing_is_half(new_home: Callable[[], Home], sample: Sample[Any]):
    for scenario in sample(list(SCENARIOS.values()), 2):
        goes_through(new_home(), scenario, sample)


def goes_through(home: Home, scenario: Scenario, sample: Sample[int]) -> None:
    """Kill the action of a scenario at a moment, or at all of them."""
    scenario.offer(home.core, home.actor)
    scenario.before(home.core, home.actor)
    assert home.answers() == bool(home.look()["installed"])
    look = partial(seen_of, home, scenario)
    before = look() | QUIET
    counted = home.run(scenario, 0)
    assert counted.moments, counted.errors
    after = look() | QUIET
    assert home.answers() == bool(after["installed"])
    home.clean()
    for moment in sample(range(1, len(counted.moments) + 1), 1):
        name = f"{scenario.name}, {moment}: {counted.moments[moment - 1]}"
        scenario.before(home.core, home.actor)
        home.answers()
        assert home.run(scenario, moment).killed, name
        home.recovered()
        seen = settled(look, before, after)
        assert seen in (before, after), (
            f"{name}\n{differing(seen, before)}\n{differing(seen, after)}"
        )
        assert home.answers() == bool(seen["installed"]), name
        home.clean()
        assert not differing(settled(home.look, NOTHING), NOTHING), name
