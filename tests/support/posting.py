"""One post of the delivery engine's client, in a loop of its own."""

import asyncio

import pytest

from geminicrm.kernel.http import AddressGuard
from geminicrm.webhooks.outgoing.answers import Answer
from geminicrm.webhooks.outgoing.posting import Post, Poster
from geminicrm.webhooks.outgoing.reaching import PostFailed

ALLOW = ("127.0.0.0/8",)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


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

    return asyncio.run(run())


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
