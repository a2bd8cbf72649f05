"""The pipe that wakes workers."""

from pathlib import Path

from geminicrm.kernel.jobs.wakes import Wakes


def test_a_closed_one_wakes_nobody_and_closes_again(tmp_path: Path):
    wakes = Wakes(tmp_path / "work")
    wakes.close()
    with (tmp_path / "other").open("w") as other:  # may have the number of the pipe now
        wakes.wake()
        wakes.close()
        other.write("still open")
    assert (tmp_path / "other").read_text() == "still open"
