"""A Redis server of our own: made on first use, thrown away with the session."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.support.ports import free_port
from tests.support.servers import owned_folder, running
from tests.support.waiting import eventually

MISSING = "Redis is not on this machine (redis-server not found)"


@contextmanager
def started_redis(binary: str) -> Iterator[str]:
    """Run a server without persistence; give its address."""
    folder = owned_folder("gcrm-redis-", None)
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    url = f"redis://127.0.0.1:{port}/0"
    try:
        with running([binary, *options, "--dir", str(folder)], folder / "log", None):
            eventually(lambda: _answers(url), 10)
            yield url
    finally:
        shutil.rmtree(folder)


def _answers(url: str) -> bool:
    with redis.Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError as error:
            raise ConnectionError(str(error)) from error


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """Give the address of the server of this test process; skips where there is no Redis."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip(MISSING)
    with started_redis(binary) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """Give the address of an empty Redis."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server
