"""The loop that sends: hundreds of attempts at once in one thread, beside that of the rows."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from geminicrm.webhooks.outgoing.attempting import Attempts
from geminicrm.webhooks.outgoing.claims import Errand
from geminicrm.webhooks.outgoing.lanes import Lane
from geminicrm.webhooks.outgoing.opening import Door
from geminicrm.webhooks.outgoing.outcomes import Outcome
from geminicrm.webhooks.outgoing.posting import Poster

_TIDY_SECONDS: Final = 5.0


class Sending:
    """Sends what it is given. `ended` is called in the loop with each outcome."""

    def __init__(
        self, poster: Poster, attempts: Attempts, ended: Callable[[Outcome], object]
    ) -> None:
        self._poster = poster
        self._attempts = attempts
        self._ended = ended
        self._lanes: dict[str, Lane] = {}
        self._doors: dict[str, Door] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def take(self, errands: Sequence[tuple[Errand, Door]]) -> None:
        """Have these sent; from one thread, which may be any."""
        if not self._thread.is_alive():
            self._thread.start()
        self._loop.call_soon_threadsafe(self._take, errands)

    def stop(self, seconds: float) -> None:
        """Begin nothing more, let what runs end within `seconds`, drop the rest."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        asyncio.run_coroutine_threadsafe(self._finish(seconds), self._loop)
        self._thread.join(seconds + 1.0)

    # In the loop

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._tidy()
        try:
            self._loop.run_forever()
        finally:
            self._poster.close()
            self._loop.run_until_complete(asyncio.sleep(0))  # transports say goodbye
            self._loop.close()

    def _tidy(self) -> None:
        self._poster.tidy()
        self._loop.call_later(_TIDY_SECONDS, self._tidy)

    def _take(self, errands: Sequence[tuple[Errand, Door]]) -> None:
        for errand, door in errands:
            self._doors[errand.id] = door
            lane = self._lanes.get(errand.endpoint_id)
            if lane is None:
                lane = self._lanes[errand.endpoint_id] = Lane(self._begin, self._loop.call_later)
            lane.add(errand)

    def _begin(self, errand: Errand) -> None:
        task = self._loop.create_task(self._send(errand))
        # The loop itself keeps but a weak reference.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, errand: Errand) -> None:
        try:
            self._ended(await self._attempts.make(errand, self._doors.pop(errand.id)))
        finally:
            lane = self._lanes[errand.endpoint_id]
            lane.ended()
            if lane.empty:
                del self._lanes[errand.endpoint_id]

    async def _finish(self, seconds: float) -> None:
        for lane in self._lanes.values():
            lane.forget()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        for task in set(self._tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._loop.stop()
