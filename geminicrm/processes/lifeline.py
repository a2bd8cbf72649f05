"""Lifelines: a child notices that its parent is gone, and goes too.

The parent holds the write end of a pipe and never writes. When it dies, however it dies, the read
end of each child reports the end of the file.
"""

import os
import signal
import threading
import time
from collections.abc import Callable

VARIABLE = "GEMINICRM_LIFELINE"
_DRAIN_SECONDS = 10.0
_LOOK_SECONDS = 0.25


def hold_on(environ: os._Environ[str]) -> None:
    """Follow the pipe named in the environment, if there is one, in a thread."""
    number = environ.pop(VARIABLE, None)
    if number is not None:
        _start(lambda: os.read(int(number), 1))


def follow_parent() -> None:
    """Follow the parent process by its id, where no pipe could be handed down."""
    parent = os.getppid()

    def wait() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)  # no event tells that a parent died without a pipe

    _start(wait)


def _start(wait: Callable[[], object]) -> None:
    def run() -> None:
        wait()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_DRAIN_SECONDS)  # the time that a draining process is given
        os._exit(1)

    threading.Thread(target=run, name="lifeline", daemon=True).start()
