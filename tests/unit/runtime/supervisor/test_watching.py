"""What a process takes, against what it may."""

import os

import pytest

from geminicrm.runtime.supervisor.watching import Most, Taken, look_after, private_memory, taken_by
from tests.unit.runtime.supervisor.conftest import spec

GONE = 2**22 + 1


def test_what_a_process_takes_is_read_from_outside():
    taken = taken_by(os.getpid())
    assert taken.threads >= 1
    assert taken.memory > 1024 * 1024
    assert taken_by(GONE) is None


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (Taken(64, 512 * 1024 * 1024, 256), ""),
        (Taken(65, 0, 0), "65 threads, where 64 are allowed"),
        (Taken(1, 513 * 1024 * 1024, 0), "513 MiB of memory, where 512 are allowed"),
        (Taken(1, 0, 257), "257 open files, where 256 are allowed"),
    ],
)
def test_what_is_too_much_is_said(taken, said):
    assert taken.above(Most()) == said


def test_only_hosts_that_take_too_much_are_killed(world):
    host = world.host(pid=os.getpid())
    gone = world.host(spec("gone"), pid=GONE)
    world.ask(spec("starting"))
    killed = []
    hosts = list(world.fleet.hosts.values())
    # A process of the tests may take more than a host: it has a whole suite behind it.
    much = Most(threads=10_000, memory=2**40, descriptors=10_000)
    look_after(hosts, lambda each, why: killed.append((each, why)), much)
    assert killed == []
    look_after(hosts, lambda each, why: killed.append((each, why)), Most(memory=0))
    ((first, why),) = killed
    assert first is host
    assert why.startswith("it was killed: ")
    assert gone.alive


def test_private_memory_counts_what_no_other_has():
    assert 1024 * 1024 < private_memory(os.getpid()) < taken_by(os.getpid()).memory
    assert private_memory(GONE) == 0


def test_where_the_kernel_does_not_let_us_look_there_is_a_coarser_figure(tmp_path):
    (tmp_path / "5").mkdir()
    (tmp_path / "5" / "statm").write_text("1000 300 100 1 0 50 0\n")
    assert private_memory(5, str(tmp_path)) == 200 * os.sysconf("SC_PAGE_SIZE")
