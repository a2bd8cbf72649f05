"""`kill -9` of everything at random moments while webhooks are sent: each event arrives.

The seed is printed by a failing test, and `--randomly-seed` repeats it.
"""

import os
import random

import pytest

from tests.support.kill9.changes import Changes
from tests.support.kill9.hooks import HookScene, expect_all_delivered
from tests.support.kill9.killer import Killer, Victim, process
from tests.support.kill9.scene import settle
from tests.support.sampling import FULL

CHANGES = 10_000 if os.environ.get(FULL) else 1_000
_PAUSE = 0.1
_DRAIN_SECONDS = 180.0
OWN = {"web": "geminicrm web", "worker": "geminicrm worker"}


@pytest.fixture
def chance():
    seed = random.randrange(2**32)  # noqa: S311 - no secret
    print(f"seed {seed}")  # noqa: T201 - pytest shows it where the test fails
    return random.Random(seed)  # noqa: S311 - no secret


@pytest.fixture
def scene_on(tmp_path):
    made = []

    def make(database_url, **environ):
        made.append(HookScene(tmp_path, database_url, **environ))
        return made[-1]

    yield make
    for one in made:
        one.close()


def shaken(scene, victims, chance):
    """Change records while victims are killed; give what was answered and who was struck."""
    changes = Changes(scene.home.address, scene.headers, CHANGES, _PAUSE)
    killer = Killer(victims, chance, (0.8, 2.4))
    changes.start()
    try:
        killer.run(changes.running)
    finally:
        changes.stop()
    print(killer.done, changes.troubles)  # noqa: T201 - as above
    assert changes.wrong == []
    assert len(changes.answered) >= CHANGES
    return changes.answered, killer.struck()


@pytest.mark.long
@pytest.mark.journey
def test_on_sqlite_without_redis(scene_on, start_tree, tmp_path, chance):
    scene = scene_on(f"sqlite:///{tmp_path / 'crm.db'}")
    tree = scene.start(start_tree)
    victims = [process(tree, name, words, chance) for name, words in OWN.items()]
    answered, struck = shaken(scene, victims, chance)
    assert struck == set(OWN)
    settle(scene, _DRAIN_SECONDS)
    expect_all_delivered(scene, answered)
    assert tree.stop() == 0


@pytest.mark.long
@pytest.mark.journey
def test_on_postgresql_with_redis(scene_on, start_tree, make_postgres, make_redis, chance):
    database, queue = make_postgres(), make_redis()
    scene = scene_on(database.url, REDIS_URL=queue.url)
    tree = scene.start(start_tree)
    elsewhere = scene.worker_elsewhere(start_tree)

    def restart(server, stop):
        stop()
        server.start()
        return True

    servers = [
        Victim("redis", lambda: restart(queue, queue.kill), limited=False),
        Victim("postgresql", lambda: restart(database, database.stop_at_once)),
    ]
    victims = [process(tree, name, words, chance) for name, words in OWN.items()]
    answered, struck = shaken(scene, [*victims, *servers], chance)
    assert struck == {*OWN, "redis", "postgresql"}
    settle(scene, _DRAIN_SECONDS)
    expect_all_delivered(scene, answered)
    assert elsewhere.process.poll() is None, "a worker outlives the restarts of its servers"
    assert elsewhere.stop() == 0
    assert tree.stop() == 0
