"""The questions of the core, answered by the fleet."""

import time
from collections.abc import Callable
from typing import Final, TypeAlias

from geminicrm.runtime.host.control import (
    Desired,
    Done,
    Ensure,
    Forgive,
    Given,
    HostState,
    Leave,
    Look,
    Question,
    Restart,
    Retire,
    States,
)
from geminicrm.runtime.supervisor.doorman import Reply
from geminicrm.runtime.supervisor.fleet import DRAIN_SECONDS, Fleet
from geminicrm.runtime.supervisor.hosts import Host
from geminicrm.runtime.supervisor.watching import private_memory

DRAFT_SECONDS: Final = 60.0
LINGER_SECONDS: Final = 5.0
"""So long after a version was replaced a worker may still ask for it."""

_Key: TypeAlias = tuple[str, str, bool]


class Questions:
    """Answers each question once; Ensure and Restart when the host is ready.

    `zygote` gives its pid, `wake` starts it, `leave` ends the supervisor if it gives way.
    """

    def __init__(
        self,
        fleet: Fleet,
        zygote: Callable[[], int],
        wake: Callable[[], None],
        leave: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fleet = fleet
        self._zygote = zygote
        self._wake = wake
        self._leave = leave
        self._clock = clock
        self._desired: Desired | None = None
        self._dropped: dict[_Key, float] = {}

    def answer(self, question: Question, reply: Reply) -> None:
        """Answer a question, now or later."""
        match question:
            case Ensure():
                self._fleet.give(question.spec, reply, draft=question.draft)
            case Restart():
                self._restart(question, reply)
            case _:
                reply(self._at_once(question))

    def sweep(self) -> None:
        """End drafts that became nothing; call now and then."""
        for host in self._unwanted():
            if host.draft:
                self._fleet.drain(host, DRAIN_SECONDS, "the draft is old")

    def _at_once(self, question: Retire | Desired | Forgive | Look | Leave) -> Given:
        match question:
            case Retire():
                self._retire(question)
            case Desired():
                self._reconcile(question)
            case Forgive():
                self._fleet.crashes.forgive(question.installation_id)
            case Leave():
                self._leave()
            case Look():
                hosts = tuple(self._state(host) for host in self._fleet.hosts.values())
                return States(zygote=self._zygote(), hosts=hosts)
        return Done()

    def _retire(self, question: Retire) -> None:
        host = self._fleet.hosts.get(question.generation)
        if host is not None:
            reason = question.reason or "the core is done with it"
            self._fleet.drain(host, max(0.0, question.grace), reason)

    def _restart(self, question: Restart, reply: Reply) -> None:
        hosts = self._fleet.current_of(question.installation_id)
        if not hosts:
            reply(Done())
        for host in hosts[:1]:
            self._fleet.replace(host, reply)

    def _reconcile(self, question: Desired) -> None:
        if self._desired is not None and question.number < self._desired.number:
            return
        self._take_note(self._desired, question)
        self._desired = question
        if question.hosts:
            self._wake()
        wanted = frozenset(question.hosts)
        for host in self._fleet.hosts.values():
            # What is wanted is installed by now: once it is not, its host goes at once.
            host.draft = host.draft and _key(host) not in wanted
        for host in self._unwanted():
            if not self._is_asked_for(host):
                self._fleet.drain(host, max(0.0, question.grace), "it is not wanted any more")

    def _take_note(self, before: Desired | None, after: Desired) -> None:
        """Note what is wanted no more, and since when; for as long as it matters."""
        now, wanted = self._clock(), frozenset(after.hosts)
        gone = frozenset(before.hosts) - wanted if before else frozenset()
        noted = {**dict.fromkeys(gone, now), **self._dropped}
        self._dropped = {
            key: since
            for key, since in noted.items()
            if key not in wanted and now - since < LINGER_SECONDS
        }

    def _is_asked_for(self, host: Host) -> bool:
        """Tell whether a worker that is a moment behind the others needs it.

        The workers swap their tables one after another, and each says what it wants from then on.
        One that has not done so yet still sends requests to the version before: the host that is
        started for them must not be stopped by the next worker while they wait for it.
        """
        if host.report is None:
            return True
        return host.born > self._dropped.get(_key(host), float("inf"))

    def _unwanted(self) -> list[Host]:
        wanted = frozenset(self._desired.hosts if self._desired else ())
        return [
            host
            for host in self._fleet.hosts.values()
            if host.alive and _key(host) not in wanted and not self._is_young_draft(host)
        ]

    def _is_young_draft(self, host: Host) -> bool:
        return host.draft and self._clock() - host.born < DRAFT_SECONDS

    def _state(self, host: Host) -> HostState:
        return HostState(
            generation=host.generation,
            installation_id=host.spec.installation_id,
            extension_id=host.spec.extension_id,
            digest=host.spec.digest,
            pid=host.pid or 0,
            state=host.state.value,
            age=self._clock() - host.born,
            started_in=host.started_in,
            private_memory=private_memory(host.pid) if host.pid else 0,
            level=host.level,
        )


def _key(host: Host) -> _Key:
    return host.spec.installation_id, host.spec.digest, host.spec.locked
