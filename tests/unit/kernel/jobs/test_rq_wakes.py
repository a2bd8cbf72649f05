"""Wakes over a real Redis: between machines, bounded, and never more than a convenience."""

import signal
import subprocess
import sys
import threading

import pytest
from rq import Callback, Queue
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from geminicrm.kernel.jobs import rq_wakes
from geminicrm.kernel.jobs.rq_wakes import QUEUE, RqWakes
from geminicrm.kernel.jobs.wakes import Wakes, open_wakes
from tests.support.waiting import eventually

_SECONDS = 30
AWAY = "Redis is away; workers look for work by themselves"
BACK = "Redis is back; it wakes workers again"


class Machine(RqWakes):
    """A process of a machine of its own: it shares nothing with others but Redis."""

    def __init__(self, path, url):
        super().__init__(path / "work", url)
        self.full = threading.Event()
        self.woken = 0
        self._over = False

    def close(self):
        over, self._over = self._over, True
        if not over:
            super().close()

    def nudge(self):
        self.woken += 1

    def listening(self):
        self.listen(self.full.is_set)
        eventually(lambda: self.woken, _SECONDS)  # it looks once when it begins to listen
        return self


@pytest.fixture
def server(make_redis):
    return make_redis()


@pytest.fixture
def machine(tmp_path, server, monkeypatch):
    monkeypatch.setattr(rq_wakes, "_PAUSES", (0.1,))
    made = []

    def make(url=None):
        made.append(Machine(tmp_path / str(len(made)), url or server.url))
        return made[-1]

    yield make
    for one in made:
        one.close()


def told(machine, by):
    """Wake until it is heard: a wake may get lost where Redis does."""
    before = machine.woken
    by.wake()
    eventually(lambda: machine.woken > before, 2)
    return True


def test_without_redis_there_is_the_pipe_alone(tmp_path):
    wakes = open_wakes(tmp_path / "work", None)
    wakes.listen(lambda: True)
    wakes.pass_on()
    wakes.wake()
    wakes.wait(_SECONDS)
    assert type(wakes) is Wakes
    wakes.close()
    wakes.nudge()


def test_nobody_pays_for_rq_who_does_not_use_it():
    words = "import sys, geminicrm.processes.worker; print('rq' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, check=True)
    assert done.stdout.strip() == b"False"


def test_a_nudge_is_for_the_own_process_alone(tmp_path):
    one, other = (open_wakes(tmp_path / "work", None) for _ in range(2))
    one.nudge()
    other.wait(0)
    one.wait(_SECONDS)
    one.close()
    other.close()


def test_a_worker_of_another_machine_is_woken(machine):
    worker, web = machine().listening(), machine()
    eventually(lambda: told(worker, web), _SECONDS)


def test_one_wake_that_waits_is_enough_and_little_is_left_in_redis(machine, server):
    web = machine()
    for _ in range(1_000):
        web.wake()
    eventually(lambda: server.waiting(QUEUE) == 1, _SECONDS)
    web.wake()
    worker = machine().listening()
    eventually(lambda: worker.woken > 1, _SECONDS)
    eventually(lambda: not [key for key in server.names() if "rq:job:" in key], _SECONDS)
    for one in (web, worker):
        one.close()
    assert server.waiting(QUEUE) == 0
    assert not [key for key in server.names() if "result" in key or "execution" in key]


def test_who_has_his_hands_full_leaves_the_wake_to_others(machine, server):
    busy, web = machine().listening(), machine()
    busy.full.set()
    before = busy.woken
    web.wake()
    eventually(lambda: server.waiting(QUEUE), _SECONDS)
    free = machine().listening()
    eventually(lambda: told(free, web), _SECONDS)
    assert busy.woken == before
    busy.full.clear()
    free.full.set()
    busy.pass_on()
    eventually(lambda: told(busy, web), _SECONDS)


def test_what_was_committed_last_is_told_before_the_end(machine, server):
    web = machine()
    web.wake()
    web.close()
    assert server.waiting(QUEUE) == 1


def test_who_may_write_to_redis_runs_no_code_here(machine, server, tmp_path):
    worker = machine().listening()
    before = worker.woken
    with server.client() as client:
        Queue(QUEUE, connection=client, serializer=JSONSerializer).enqueue(
            "os.mkdir", str(tmp_path / "broken-in"), on_success=Callback("os.getpid")
        )
        eventually(lambda: worker.woken > before, _SECONDS)
        eventually(lambda: server.waiting(QUEUE) == 0, _SECONDS)
    assert not (tmp_path / "broken-in").exists()


def test_a_redis_that_is_killed_and_empty_afterwards_wakes_again(machine, server):
    worker, web = machine().listening(), machine()
    eventually(lambda: told(worker, web), _SECONDS)
    with capture_logs() as logs:
        server.kill()
        web.wake()
        eventually(lambda: [one["event"] for one in logs].count(AWAY) == 2, _SECONDS)
        server.start()
        eventually(lambda: told(worker, web), _SECONDS)
        eventually(lambda: [one["event"] for one in logs].count(BACK) == 2, _SECONDS)
    assert [one["event"] for one in logs] == [AWAY, AWAY, BACK, BACK], "each process says it once"


def test_an_emptied_redis_wakes_again(machine, server):
    worker, web = machine().listening(), machine()
    web.wake()
    server.flush()
    eventually(lambda: told(worker, web), _SECONDS)


def test_a_redis_that_does_not_answer_delays_nobody(machine, server):
    worker, web = machine().listening(), machine()
    server.signal(signal.SIGSTOP)
    for _ in range(1_000):
        web.wake()
    server.signal(signal.SIGCONT)
    eventually(lambda: told(worker, web), _SECONDS)


def test_a_wrong_password_and_a_wrong_address_are_said_once_and_wait(machine, make_redis):
    locked = make_redis(password="open sesame")
    with capture_logs() as logs:
        for url in (locked.url.replace("sesame", "barley"), "nonsense://x"):
            web = machine(url)
            web.wake()
            web.listen(web.full.is_set)
            eventually(lambda: logs and logs[-1]["event"] == AWAY, _SECONDS)
            web.close()
            assert [one["event"] for one in logs] == [AWAY]
            logs.clear()
    worker, right = machine(locked.url).listening(), machine(locked.url)
    eventually(lambda: told(worker, right), _SECONDS)
