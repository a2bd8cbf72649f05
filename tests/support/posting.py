"""One post of the delivery engine's client, in a loop of its own."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import pytest

from geminicrm.kernel.http import AddressGuard
from geminicrm.webhooks.outgoing.answers import Answer
from geminicrm.webhooks.outgoing.posting import Post, Poster
from geminicrm.webhooks.outgoing.reaching import PostFailed

ALLOW = ("127.0.0.0/8",)
Found = TypeVar("Found")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def in_loop(made: Coroutine[Any, Any, Found]) -> Found:
    """Run a coroutine in a thread of its own: a browser of other tests may have a loop in ours."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, made).result()


def post(
    url: str,
    body: bytes = b"{}",
    seconds: float = 5.0,
    guard: AddressGuard | None = None,
    *,
    https_only: bool = False,
) -> Answer:
    """Post once; give the answer."""

    async def run() -> Answer:
        poster = Poster(guard or AddressGuard(ALLOW), seconds=seconds, https_only=https_only)
        try:
            return await poster.post(Post("whe_1", url, {}, body))
        finally:
            poster.close()

    return in_loop(run())


def failure(
    url: str,
    body: bytes = b"{}",
    seconds: float = 5.0,
    guard: AddressGuard | None = None,
    *,
    https_only: bool = False,
) -> str:
    """Post once, which has to fail; give the class of what went wrong."""
    with pytest.raises(PostFailed) as caught:
        post(url, body, seconds, guard, https_only=https_only)
    return caught.value.error
