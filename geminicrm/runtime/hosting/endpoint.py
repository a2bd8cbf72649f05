"""The way to the host of one installation: starts it when needed, asks again where that is safe."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from geminicrm.runtime.call_context import CallContext, current_call
from geminicrm.runtime.failures import ExtensionTimeout, RemoteFailure
from geminicrm.runtime.host.control import HostSpec, NotRunning, Running
from geminicrm.runtime.host.wire import WireBroken, WireError
from geminicrm.runtime.hosting.broker import Broker
from geminicrm.runtime.hosting.connections import Connection, Pool
from geminicrm.runtime.hosting.conversation import Conversation, Ending, Task
from geminicrm.runtime.hosting.errors import Exceeded, Late, Lost, NotBegun
from geminicrm.runtime.hosting.supervising import Hosts

HELLO_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class OutsideOfCall(RuntimeError):
    """Code of a host was called without the guarded call around it."""


@dataclass(frozen=True, slots=True)
class _Call:
    """The call that runs, and what it asks."""

    context: CallContext
    task: Task


class Endpoint:
    """Talks to the host of one installation; thread-safe, each call has a connection of its own.

    The host is started by the first call. That time is not the extension's, so the deadline of the
    call moves by it.
    """

    def __init__(
        self,
        spec: HostSpec,
        requirements: Callable[[], Path | None],
        broker: Broker,
        hosts: Hosts,
    ) -> None:
        self.spec = spec
        self._requirements = requirements
        self.app = broker.app
        self._broker = broker
        self._hosts = hosts
        self._pool = Pool()
        self._running: Running | None = None

    def ask(self, task: Task) -> Ending:
        """Have the host do something in the current call.

        Raises RemoteFailure, ExtensionTimeout, HostUnavailable; TooLong for what fits into no
        message.
        """
        context = current_call()
        if context is None:
            raise OutsideOfCall(f"{self.spec.extension_id} is called outside of any call")
        call = _Call(context, task)
        try:
            return self._once(call)
        except Lost as error:
            if not task.repeatable:
                raise _ended() from error
        except NotBegun:
            pass
        self.forget()
        try:
            return self._once(call)
        except (Lost, NotBegun) as error:
            raise _ended() from error

    def examine(self) -> Running | NotRunning:
        """Start the host of a draft. Raises HostUnavailable."""
        given = self._hosts.ensure(self._whole_spec(), draft=True)
        if isinstance(given, Running):
            self._running = given
        return given

    def forget(self) -> Running | None:
        """Ask the supervisor anew for the next call; give what was used up to now."""
        running, self._running = self._running, None
        self._pool.close()
        return running

    def tidy(self) -> None:
        """Close connections whose host has gone away."""
        self._pool.keep(Connection.is_quiet)

    def _once(self, call: _Call) -> Ending:
        connection = self._open(call)
        try:
            ending = Conversation(connection, self._broker, call.context.deadline).hold(call.task)
        except Late as error:
            connection.close()
            raise self._given_up(call.context, connection.generation) from error
        except (Exceeded, WireBroken) as error:
            connection.close()
            raise self._broken(error) from error
        except BaseException:
            connection.close()
            raise
        self._pool.give(connection)
        return ending

    def _open(self, call: _Call) -> Connection:
        connection = self._pool.take()
        if connection is not None:
            return connection
        running = self._running
        if running is not None:
            try:
                return self._connect(call.context, running)
            except NotBegun:
                self._running = None
        running = self._running = self._start(call)
        return self._connect(call.context, running)

    def _connect(self, context: CallContext, running: Running) -> Connection:
        left = min(max(context.deadline - time.monotonic(), 0.001), HELLO_SECONDS)
        try:
            connection = Connection(self._hosts.connect(running, left), running.generation)
        except OSError as error:
            raise NotBegun from error
        try:
            connection.greet(time.monotonic() + left)
        except WireError as error:
            connection.close()
            raise NotBegun from error
        return connection

    def _start(self, call: _Call) -> Running:
        started = time.monotonic()
        try:
            return self._hosts.running(self._whole_spec(), draft=call.task.draft)
        finally:
            took = time.monotonic() - started
            call.context.deadline += took
            call.context.inner_seconds += took

    def _whole_spec(self) -> HostSpec:
        # Where another machine installed it, its packages may have to be brought here first.
        folder = self._requirements()
        if folder is None:
            return self.spec
        return msgspec.structs.replace(self.spec, requirements=str(folder))

    def _given_up(self, context: CallContext, generation: int) -> ExtensionTimeout:
        """End the host: nobody knows what it is doing, and for how long."""
        self.forget()
        self._hosts.retire(generation, f"{context.kind} did not return in time")
        return ExtensionTimeout(self.spec.extension_id, context.kind, context.seconds)

    def _broken(self, error: Exception) -> RemoteFailure:
        _log.warning(
            "the host of an extension does not keep to the protocol",
            extension_id=self.spec.extension_id,
            installation_id=self.spec.installation_id,
            error=str(error),
        )
        return RemoteFailure("", f"its process does not keep to the protocol: {error}")


def _ended() -> RemoteFailure:
    reason = "its process ended (the connection closed while it was at work)"
    return RemoteFailure("", reason, ended=True)
