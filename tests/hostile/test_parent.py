"""Code that runs on when its supervisor has gone: only the signal of the parent's death ends it."""

import os
from pathlib import Path

import pytest

from tests.support import reachable
from tests.support.hostile.gallery import Setting, opened
from tests.support.process import kill_quietly
from tests.support.waiting import eventually


@pytest.fixture
def gallery():
    """As root hosts have a user of their own, which makes the kernel forget an earlier wish."""
    reach = reachable.reach() if os.geteuid() == 0 else reachable.own()
    if reach is None:
        pytest.skip("no python of this version that other users can run")
    with opened(reach, None) as opening:
        yield opening


@pytest.fixture
def orphan(gallery):
    """Give a function that starts an endless loop, kills what started it, and gives its pid."""
    begun = []

    def begin(*without):
        gallery.begin("endless_loop", Setting(own_user=os.geteuid() == 0, without=without))
        begun.append(eventually(gallery.locked_child))
        gallery.process.kill()
        gallery.process.wait()
        return begun[-1]

    yield begin
    for pid in begun:
        kill_quietly(pid)


def _runs(pid):
    return Path(f"/proc/{pid}").exists()


def test_it_dies_with_its_parent(orphan):
    pid = orphan()
    assert eventually(lambda: not _runs(pid))


def test_without_that_layer_it_lives_on(orphan):
    pid = orphan("parent")
    with pytest.raises(AssertionError, match="not true within"):
        eventually(lambda: not _runs(pid), 0.5)
