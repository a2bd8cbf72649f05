"""Waking workers of any machine: RQ carries the wakes, and nothing but wakes.

A wake in Redis means: some worker is to look at the rows. One that waits there is enough for all
who commit meanwhile. Where Redis is away, slow, emptied or not ours, nothing is lost: workers of
this machine hear of work by the pipe, those of others look by themselves, and all come back.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from typing_extensions import override

from geminicrm.kernel.jobs.wakes import Wakes

QUEUE: Final = "geminicrm"
_NAME: Final = "geminicrm.wake"
"""What `rq info` shows; nobody imports it, see `_Wake`."""
_TTL_SECONDS: Final = 600
_TOGETHER_SECONDS: Final = 0.02
_REDIS_SECONDS: Final = 2.0
_CLOSE_SECONDS: Final = 1.0
_WORKER_TTL: Final = 20
"""RQ asks for work for 15 seconds less, and takes a Redis for dead that is silent for 5 less."""
_FULL_SECONDS: Final = 0.1
_PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
_log = structlog.get_logger(__name__)


class RqWakes(Wakes):
    """The pipe of this machine, and the queue in Redis that all machines share."""

    def __init__(self, path: Path, redis_url: str) -> None:
        super().__init__(path)
        self._link = _Link()
        self._calls = _Calls(redis_url, self._link)
        self._ears: _Ears | None = None
        self._url = redis_url

    @override
    def close(self) -> None:
        if self._ears is not None:
            self._ears.close()
        self._calls.close()
        super().close()

    @override
    def wake(self) -> None:
        super().wake()
        self._calls.ask()

    @override
    def pass_on(self) -> None:
        self._calls.ask()

    @override
    def listen(self, full: Callable[[], bool]) -> None:
        self._ears = _Ears(self._url, self._link, self._woken(full), full)
        self._ears.start()

    def _woken(self, full: Callable[[], bool]) -> Callable[[], None]:
        # It got full while it waited for a wake: that one is for somebody else.
        return lambda: self.pass_on() if full() else self.nudge()


class _Link:
    """Says once that Redis is away, and once that it is back, however many ask it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._without: set[str] = set()

    def failed(self, who: str, error: Exception) -> None:
        with self._lock:
            first = not self._without
            self._without.add(who)
        if first:
            said = f"{type(error).__name__}: {error}"
            _log.warning("Redis is away; workers look for work by themselves", error=said)

    def works(self, who: str) -> None:
        with self._lock:
            last = self._without == {who}
            self._without.discard(who)
        if last:
            _log.info("Redis is back; it wakes workers again")


class _Calls:
    """Puts wakes into the queue, from a thread of its own: nobody who commits waits for Redis."""

    def __init__(self, url: str, link: _Link) -> None:
        self._url = url
        self._link = link
        self._lock = threading.Lock()
        self._signal = threading.Event()
        self._stop = threading.Event()
        self._wanted = False
        self._thread: threading.Thread | None = None
        self._queue: Queue | None = None

    def ask(self) -> None:
        """Have a wake put there soon."""
        self._wanted = True
        self._signal.set()
        if self._thread is None:
            self._start()

    def close(self) -> None:
        """Put there what was asked for last, unless that takes long."""
        self._stop.set()
        self._signal.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                thread = threading.Thread(target=self._run, name="wakes", daemon=True)
                with suppress(RuntimeError):  # no thread to be had: the next commit tries again
                    thread.start()
                    self._thread = thread

    def _run(self) -> None:
        failures = 0
        while self._signal.wait():
            self._signal.clear()
            stopping = self._stop.is_set()
            failures = failures + 1 if self._wanted and not self._put() else 0
            if stopping:
                break
            if failures:
                self._wanted = True
                self._signal.set()
            self._stop.wait(_pause(failures) if failures else _TOGETHER_SECONDS)
        if self._queue is not None:
            self._queue.connection.close()

    def _put(self) -> bool:
        self._wanted = False
        try:
            queue = self._queue = self._queue or _queue(_connect(self._url, retries=1))
            if not queue.count:
                queue.enqueue(
                    _NAME, job_timeout=-1, result_ttl=0, ttl=_TTL_SECONDS, failure_ttl=_TTL_SECONDS
                )
        except (RedisError, OSError, ValueError) as error:
            self._link.failed("calls", error)
            return False
        self._link.works("calls")
        return True


class _Ears:
    """An RQ worker in a thread: takes wakes for this process, as long as there is room in it.

    Its loop is made of RQ's parts, because RQ's own takes the signals of the process, starts a
    thread that obeys commands from Redis, and ends where Redis is slow.
    """

    def __init__(
        self, url: str, link: _Link, woken: Callable[[], None], full: Callable[[], bool]
    ) -> None:
        self._url = url
        self._link = link
        self._woken = woken
        self._full = full
        self._stop = threading.Event()
        self._failures = 0
        self._connection: Redis | None = None
        self._thread = threading.Thread(target=self._run, name="rq-worker", daemon=True)

    def start(self) -> None:
        """Listen from now on."""
        logging.getLogger("rq.worker").setLevel(logging.WARNING)  # else it tells of every wake
        self._thread.start()

    def close(self) -> None:
        """Take no more."""
        self._stop.set()
        if self._connection is not None:
            self._connection.connection_pool.disconnect()  # it waits for the answer of Redis
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen()
            except Exception as error:  # noqa: BLE001 - border: Redis gives what anybody put there
                if self._stop.is_set():
                    return
                self._failures += 1
                self._link.failed("ears", error)
                self._stop.wait(_pause(self._failures))

    def _listen(self) -> None:
        self._connection = connection = _connect(self._url, retries=0)
        worker = SimpleWorker(
            [_queue(connection)],
            connection=connection,
            job_class=_Wake,
            serializer=JSONSerializer,
            worker_ttl=_WORKER_TTL,
        )
        worker.death_penalty_class = TimerDeathPenalty  # the other one takes the signals
        try:
            worker.register_birth()  # type: ignore[no-untyped-call]  # RQ's types end here
            self._failures = 0
            self._link.works("ears")
            self._woken()  # while nobody listened a wake may have got lost
            while not self._stop.is_set():
                self._take(worker)
        finally:
            with suppress(RedisError):
                worker.register_death()  # type: ignore[no-untyped-call]  # RQ's types end here
            connection.close()

    def _take(self, worker: SimpleWorker) -> None:
        worker.heartbeat()
        if worker.should_run_maintenance_tasks:
            worker.run_maintenance_tasks()  # type: ignore[no-untyped-call]  # RQ's types end here
        while self._full() and not self._stop.wait(_FULL_SECONDS):
            continue  # what waits in Redis is for those who have room
        try:
            taken = Queue.dequeue_any(
                worker.queues,
                worker.dequeue_timeout,
                connection=worker.connection,
                job_class=_Wake,
                serializer=JSONSerializer,
                death_penalty_class=TimerDeathPenalty,
            )
        except DequeueTimeout:
            return
        if taken is not None and isinstance(taken[0], _Wake):
            taken[0].woken = self._woken
            worker.execute_job(*taken)


class _Wake(Job):
    """A wake. It runs nothing that Redis names: who may write there does not run code here."""

    woken: Callable[[], None]

    @override
    def perform(self) -> None:
        self.woken()

    @override
    def execute_success_callback(self, *_given: Any) -> None:
        return

    @override
    def execute_failure_callback(self, *_given: Any) -> None:
        return

    @override
    def send_webhooks(self, *_given: Any, **_named: Any) -> None:
        return


def _connect(url: str, retries: int) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
        retry=Retry(NoBackoff(), retries),
    )


def _queue(connection: Redis) -> Queue:
    return Queue(
        QUEUE,
        connection=connection,
        job_class=_Wake,
        serializer=JSONSerializer,
        death_penalty_class=TimerDeathPenalty,
    )


def _pause(failures: int) -> float:
    return _PAUSES[min(failures, len(_PAUSES)) - 1]
