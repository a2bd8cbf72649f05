"""The zygote: imports once what every host needs, and forks the hosts.

It is executed fresh with an empty environment and stays single-threaded. It speaks with the
supervisor over one socket that keeps packets apart, and dies with it, as the hosts die with the
zygote.
"""

import array
import ctypes
import gc
import os
import selectors
import signal
import socket
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, NoReturn

import msgspec

from geminicrm.runtime.host import child, warming
from geminicrm.runtime.host.control import (
    Awake,
    Born,
    Ended,
    Fork,
    FromZygote,
    HostSpec,
    NotBorn,
    Signal,
    ToZygote,
)
from geminicrm.runtime.host.place import Place

BeHost = Callable[[HostSpec, Place, socket.socket, socket.socket], NoReturn]
_MOST_BYTES: Final = 256 * 1024
_DESCRIPTORS: Final = 3
_FAILED: Final = 70
_PR_SET_PDEATHSIG: Final = 1


def main(channel: int, parent: int) -> int:
    """Serve until the supervisor closes the channel; give the exit code."""
    follow(parent)
    with socket.socket(fileno=channel) as own:
        own.set_inheritable(False)
        warming.warm_up()
        be_host = partial(child.be_host, confining=warming.prepared_locks())
        return Zygote(own, be_host).run()


def follow(parent: int) -> None:
    """Die when the supervisor does, however it dies."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the zygote can't follow the supervisor")
    if os.getppid() != parent:  # it died before the line above
        os._exit(_FAILED)


class Zygote:
    """Answers the supervisor's requests one after another, and reports who has ended."""

    def __init__(self, channel: socket.socket, be_host: BeHost) -> None:
        self._channel = channel
        self._be_host = be_host
        self._requests = msgspec.msgpack.Decoder(ToZygote)
        self._children: set[int] = set()
        self._woken, self._waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> int:
        """Serve until the other end of the channel is closed."""
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only the wake-up counts
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        try:
            self._serve()
        finally:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(self._woken)
            os.close(self._waker)
        return 0

    def _serve(self) -> None:
        # Pages that the collector never writes to stay shared with every host.
        gc.collect()
        gc.freeze()
        self._tell(Awake())
        with selectors.PollSelector() as selector:
            selector.register(self._channel, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _events in selector.select()}
                if self._woken in ready:
                    self._reap()
                if self._channel.fileno() in ready and not self._step():
                    return

    def _step(self) -> bool:
        data, descriptors = self._received()
        if not data:
            return False
        request = self._requests.decode(data)
        if isinstance(request, Fork):
            self._fork(request, descriptors)
        else:
            self._signal(request)
        return True

    def _received(self) -> tuple[bytes, list[int]]:
        room = socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize)
        data, beside, _flags, _address = self._channel.recvmsg(
            _MOST_BYTES, room, socket.MSG_CMSG_CLOEXEC
        )
        found = array.array("i")
        for _level, _kind, content in beside:
            found.frombytes(content)
        return data, found.tolist()

    def _fork(self, request: Fork, descriptors: list[int]) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(NotBorn(request.place.generation, str(error)))
            return
        if pid == 0:
            self._become(request, descriptors)
        self._children.add(pid)
        for each in descriptors:
            os.close(each)
        self._tell(Born(request.place.generation, pid))

    def _become(self, request: Fork, descriptors: list[int]) -> NoReturn:
        try:
            self._forget()
            listener, status, log = descriptors
            for standard in (1, 2):
                os.dup2(log, standard)
            os.close(log)
            ends = socket.socket(fileno=listener), socket.socket(fileno=status)
            self._be_host(request.spec, request.place, *ends)
        except BaseException:  # noqa: BLE001 - border: whatever it was, this process is no zygote
            traceback.print_exc()
        finally:
            os._exit(_FAILED)

    def _forget(self) -> None:
        """Let go in the host of what is the zygote's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._channel.close()
        os.close(self._woken)
        os.close(self._waker)

    def _signal(self, request: Signal) -> None:
        if request.pid in self._children:
            os.kill(request.pid, request.number)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken, _MOST_BYTES)
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self._children.discard(pid)
                self._tell(Ended(pid, os.waitstatus_to_exitcode(status)))

    def _tell(self, report: FromZygote) -> None:
        self._channel.sendall(msgspec.msgpack.encode(report))
