"""A supervisor, a zygote and hosts for real: they start, answer, die and come back."""

import os
import signal
import sys

from geminicrm.runtime.host.control import (
    Desired,
    Done,
    Ensure,
    Look,
    NotRunning,
    Restart,
    Retire,
    Running,
)
from geminicrm.runtime.supervisor import sockets
from tests.support.process import command_of, kill_quietly
from tests.support.waiting import eventually
from tests.unit.runtime.supervisor.conftest import CODE, SECONDS

BREAKS = "raise ValueError('it does not load')"
ENDS = "import os\nprint('bye', flush=True)\nos._exit(3)"


BOMB = f"""
import threading
for _ in range(100):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
{CODE}
"""


FLOOD = f"""
import os, stat, threading
{CODE}

def flood():
    while True:
        for fd in range(3, 64):
            try:
                stat.S_ISSOCK(os.fstat(fd).st_mode) and os.write(fd, b"x" * 65536)
            except OSError:
                pass

threading.Timer(0.2, flood).start()
"""


def is_gone(pid):
    return command_of(pid) in {"", "(gone)"}


def test_a_host_starts_at_its_first_use_and_ends_with_the_supervisor(home):
    tree = home.start()
    assert home.zygote() == 0
    running = home.ask(Ensure(home.spec()))
    assert isinstance(running, Running)
    assert running == home.ask(Ensure(home.spec()))
    (host,) = home.ask(Look()).hosts
    assert (host.pid, host.state, host.extension_id) == (running.pid, "ready", "tiny")
    assert 0 < host.private_memory < 32 * 1024 * 1024
    home.client.connect_host(running.socket, SECONDS).close()
    zygote = home.zygote()
    assert tree.stop() == 0
    eventually(lambda: is_gone(zygote), SECONDS)
    assert list(sockets.hosts_folder(home.folder).iterdir()) == []


def test_code_that_does_not_load_is_reported_with_its_place(home):
    home.start()
    given = home.ask(Ensure(home.spec(code=BREAKS)))
    assert isinstance(given, NotRunning)
    assert (given.code, given.where) == ("load_failed", "extension.py:1 in <module>")
    assert "it does not load" in given.reason


def test_a_crash_is_told_with_the_last_lines_of_the_log(home):
    home.start()
    given = home.ask(Ensure(home.spec(code=ENDS)))
    assert given.code == "crashed"
    assert any("bye" in line for line in given.lines)
    again = home.ask(Ensure(home.spec(code=ENDS)))
    assert again.code == "crashed"
    assert 0 < again.retry_after <= 0.5


def test_a_host_with_too_many_threads_is_killed(home):
    home.start()
    bomb = home.spec(code=BOMB)
    home.ask(Ensure(bomb))
    eventually(lambda: home.states() == {}, SECONDS)
    given = home.ask(Ensure(bomb))
    # Where the kernel counts threads it may have refused them before.
    assert given.code in {"crashed", "load_failed"}
    assert "thread" in given.reason


def test_a_host_that_floods_its_supervisor_is_killed(home):
    home.start()
    flood = home.spec(code=FLOOD)
    assert isinstance(home.ask(Ensure(flood)), Running)
    eventually(lambda: home.states() == {}, SECONDS)
    given = home.ask(Ensure(flood))
    assert (given.code, given.reason) == (
        "crashed",
        "its report is wrong: there is a message too many",
    )


def test_a_new_generation_takes_over_and_the_old_one_ends(home):
    home.start()
    old = home.ask(Ensure(home.spec()))
    new = home.ask(Restart("inst"))
    assert new.generation > old.generation
    eventually(lambda: home.states() == {new.generation: "ready"}, SECONDS)
    assert home.ask(Ensure(home.spec())) == new


def test_what_is_not_wanted_ends(home):
    home.start()
    first, second = home.ask(Ensure(home.spec("one"))), home.ask(Ensure(home.spec("two")))
    assert home.ask(Retire(first.generation, 1.0)) == Done()
    eventually(lambda: home.states() == {second.generation: "ready"}, SECONDS)
    assert home.ask(Desired(1, ())) == Done()
    eventually(lambda: home.states() == {}, SECONDS)


def test_when_the_zygote_is_killed_its_hosts_go_and_new_ones_come(home):
    home.start()
    first = home.ask(Ensure(home.spec()))
    os.kill(home.zygote(), signal.SIGKILL)
    eventually(lambda: home.states() == {}, SECONDS)
    eventually(lambda: is_gone(first.pid), SECONDS)
    second = home.ask(Ensure(home.spec()))
    assert second.generation > first.generation


def test_when_the_supervisor_is_killed_nothing_survives_and_the_next_one_starts_anew(home):
    tree = home.start()
    first = home.ask(Ensure(home.spec()))
    zygote = home.zygote()
    os.kill(tree.pid, signal.SIGKILL)
    for pid in (zygote, first.pid):
        eventually(lambda pid=pid: is_gone(pid), SECONDS)
    home.start()
    second = home.ask(Ensure(home.spec()))
    assert second.generation > first.generation


def test_a_second_supervisor_waits_until_the_first_has_ended(home):
    first = home.start()
    command = [sys.executable, "-m", "geminicrm.runtime.supervisor", str(home.folder)]
    second = home._start_tree(command)  # noqa: SLF001 - the helper of this file
    second.wait_for_line("another supervisor serves this home", SECONDS)
    first.stop()
    second.wait_for_line("the supervisor is there", SECONDS)
    assert home.states() == {}
    second.stop()


def test_a_second_supervisor_that_is_told_to_stop_while_it_waits_stops(home):
    home.start()
    command = [sys.executable, "-m", "geminicrm.runtime.supervisor", str(home.folder)]
    second = home._start_tree(command)  # noqa: SLF001 - the helper of this file
    second.wait_for_line("another supervisor serves this home", SECONDS)
    assert second.stop() == 0


def test_a_host_without_work_ends_itself(home):
    home.start("--idle-seconds=0.3")
    first = home.ask(Ensure(home.spec()))
    eventually(lambda: home.states() == {}, SECONDS)
    second = home.ask(Ensure(home.spec()))
    assert isinstance(second, Running)
    assert second.generation != first.generation


def test_a_lifeline_that_ends_ends_the_supervisor(home, start_tree):
    holds = (
        "import os, subprocess, sys\n"
        "read, write = os.pipe()\n"
        "words = [sys.executable, '-m', 'geminicrm.runtime.supervisor', sys.argv[1]]\n"
        "environ = {**os.environ, 'GEMINICRM_LIFELINE': str(read)}\n"
        "subprocess.Popen(words, env=environ, pass_fds=(read,)).wait()\n"
    )
    tree = start_tree([sys.executable, "-c", holds, str(home.folder)])
    tree.wait_for_line("the supervisor is there", SECONDS)
    home.ask(Ensure(home.spec()))
    kill_quietly(tree.pid)
    eventually(lambda: not tree.members(), SECONDS)


def test_wrong_words_are_explained(start_tree):
    tree = start_tree([sys.executable, "-m", "geminicrm.runtime.supervisor"])
    assert tree.process.wait(SECONDS) == 2
    assert "supervisor HOME" in tree.output()


def test_a_home_that_can_not_be_used_is_said(start_tree, tmp_path):
    (tmp_path / "file").touch()
    words = [sys.executable, "-m", "geminicrm.runtime.supervisor", str(tmp_path / "file")]
    tree = start_tree(words)
    assert tree.process.wait(SECONDS) == 1
    assert "the supervisor can't work" in tree.output()
