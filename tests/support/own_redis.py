"""A Redis server of one test, which kills it, empties it, stops its breath, and starts it again."""

import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from rq import Queue

from tests.support.ports import free_port
from tests.support.redis_server import MISSING
from tests.support.servers import ends_with_us
from tests.support.waiting import eventually


class OwnRedis:
    """A server without persistence on a port that stays its own."""

    def __init__(self, binary: str, folder: Path, password: str = "") -> None:
        self._folder = folder
        self.port = free_port()
        self.password = password
        self._command = [binary, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                         "--appendonly", "no", "--dir", str(folder)]  # fmt: skip
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Give its address."""
        secret = f":{self.password}@" if self.password else ""
        return f"redis://{secret}127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """Give a client; close it."""
        return redis.Redis.from_url(self.url, socket_timeout=5)

    def start(self) -> None:
        """Start it, empty as it is then."""
        words = ["--requirepass", self.password] if self.password else []
        with (self._folder / "redis.log").open("ab") as log:
            self._server = subprocess.Popen(
                ends_with_us([*self._command, *words]), stdout=log, stderr=log, cwd=self._folder
            )
        eventually(self._answers, 20)

    def kill(self) -> None:
        """Kill it, if it lives."""
        if self._server is not None:
            self._server.kill()
            self._server.wait(20)
            self._server = None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal: SIGSTOP makes it as slow as can be."""
        assert self._server is not None
        self._server.send_signal(number)

    def flush(self) -> None:
        """Empty it."""
        with self.client() as client:
            client.flushall()

    def names(self) -> set[str]:
        """Name what is in it."""
        with self.client() as client:
            return {key.decode() for key in client.scan_iter()}

    def waiting(self, queue: str) -> int:
        """Count the jobs that wait in an RQ queue."""
        with self.client() as client:
            return int(Queue(queue, connection=client).count)

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.ConnectionError as error:
            raise ConnectionError(str(error)) from error


@pytest.fixture
def make_redis(tmp_path: Path) -> Iterator[Callable[..., OwnRedis]]:
    """Give `make_redis(password="")`: a server of this test's own, started; skips without Redis."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip(MISSING)
    made: list[OwnRedis] = []

    def make(**options: str) -> OwnRedis:
        folder = tmp_path / f"redis-{len(made)}"
        folder.mkdir()
        made.append(OwnRedis(binary, folder, **options))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.kill()
