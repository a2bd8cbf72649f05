from pathlib import Path

import pytest

from geminicrm.kernel.generation import AUTH, RUNTIME, Generations
from geminicrm.kernel.work import Works


def test_a_bump_shows_in_every_process_after_the_commit(works: Works, tmp_path: Path) -> None:
    mine, other = Generations(tmp_path / "generation"), Generations(tmp_path / "generation")
    with works.across_workspaces("test", write=True) as work:
        assert mine.bump(work, RUNTIME) == 1
        assert other.get(RUNTIME) == 0
    assert (other.get(RUNTIME), other.get(AUTH)) == (1, 0)
    with works.across_workspaces("test", write=True) as work:
        assert other.bump(work, RUNTIME) == 2
    assert mine.get(RUNTIME) == 2
    mine.close()
    other.close()


def test_a_bump_that_was_rolled_back_shows_nowhere(works: Works, tmp_path: Path) -> None:
    generations = Generations(tmp_path / "generation")

    def change() -> None:
        with works.across_workspaces("test", write=True) as work:
            generations.bump(work, AUTH)
            raise LookupError

    with pytest.raises(LookupError):
        change()
    assert generations.get(AUTH) == 0
    with works.across_workspaces("test", write=True) as work:
        assert generations.bump(work, AUTH) == 1
    generations.close()


def test_the_mirror_follows_other_machines_and_never_falls(works: Works, tmp_path: Path) -> None:
    here, there = Generations(tmp_path / "here"), Generations(tmp_path / "there")
    with works.across_workspaces("test", write=True) as work:
        there.bump(work, RUNTIME)
    assert here.get(RUNTIME) == 0
    with works.across_workspaces("test") as work:
        here.sync(work)
        here.raise_to(RUNTIME, 0)
    assert (here.get(RUNTIME), here.get(AUTH)) == (1, 0)
    here.close()
    there.close()
