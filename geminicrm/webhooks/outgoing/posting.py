"""Posting to receivers from one loop: checked addresses, verified TLS, one total deadline.

The kernel's HttpClient gives each call a thread; this one has hundreds of calls in one, which a
measurement decided (docs/webhooks-engine.md). The address guard and the roots are the kernel's.
"""

import asyncio
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from geminicrm.kernel.http import AddressGuard, AddressRefused, Target
from geminicrm.kernel.http.connect import tls_context
from geminicrm.webhooks.outgoing.answers import Answer, BadAnswer
from geminicrm.webhooks.outgoing.keeping import Kept, Key
from geminicrm.webhooks.outgoing.reaching import PostFailed, in_thread, opened, pinned
from geminicrm.webhooks.outgoing.wires import Closed, Wire

DEADLINE_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True)
class Post:
    """What is sent where. `keep` names who may use the connection for the next one."""

    keep: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class Poster:
    """Sends posts; all of it runs in one loop, apart from looking up names.

    Follows no redirect, takes no proxy, password or key log from the environment, keeps no
    cookie, asks for no compression.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        https_only: bool = False,
        tls: Callable[[], ssl.SSLContext] = tls_context,
        seconds: float = DEADLINE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard = guard
        self._https_only = https_only
        self._make_tls = tls
        self._tls: ssl.SSLContext | None = None
        self._seconds = seconds
        self._kept = Kept(monotonic)

    async def post(self, post: Post) -> Answer:
        """Post and read what is answered, whatever its status. Raises PostFailed."""
        try:
            target = self._guard.parse(post.url, https_only=self._https_only)
            tls = await self._roots() if target.scheme == "https" else None
            async with asyncio.timeout(self._seconds):
                return await self._exchange(post, target, tls)
        except AddressRefused as error:
            raise PostFailed("refused", str(error)) from error
        except TimeoutError as error:
            said = f"There was no whole answer within {self._seconds:g} s."
            raise PostFailed("timeout", said) from error
        except Closed as error:
            raise PostFailed("closed", f"{target.origin}: {error}.") from error
        except BadAnswer as error:
            raise PostFailed("response", f"{target.origin}: {error}.") from error

    def tidy(self) -> None:
        """Close connections that nobody has used for a while."""
        self._kept.tidy()

    def close(self) -> None:
        """Close all that are kept."""
        self._kept.close()

    async def _exchange(self, post: Post, target: Target, tls: ssl.SSLContext | None) -> Answer:
        request = _request(post, target)
        key = (post.keep, target.origin)
        kept = self._kept.take(key)
        if kept is not None:
            try:
                return await self._run(key, kept, request)
            except Closed:
                # It was closed just now, as idle ones are. A receiver may get a message twice
                # anyhow, and tells by its id.
                pass
        target = await pinned(self._guard, target)
        return await self._run(key, await opened(target, tls), request)

    async def _run(self, key: Key, wire: Wire, request: bytes) -> Answer:
        answer = await wire.exchange(request)
        if wire.usable:
            self._kept.give(key, wire)
        return answer

    async def _roots(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reading all roots takes a while, which is not the other side's time.
            self._tls = await in_thread(self._make_tls)
        return self._tls


def _request(post: Post, target: Target) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.host_header}",
        "Accept: */*",
        "Accept-Encoding: identity",
        f"Content-Length: {len(post.body)}",
        *(f"{name}: {value}" for name, value in post.headers.items()),
    ]
    return "\r\n".join((*lines, "", "")).encode("latin-1") + post.body
