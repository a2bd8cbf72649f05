"""Serves a baseline with the server that we use: `python -m bench.serving TARGET PORT THREADS`.

TARGET is `module:factory`. Runs in the interpreter of the baseline, which may not be ours.
"""

import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

HOST = "127.0.0.1"


def command(python: str, target: str, port: int, threads: int) -> list[str]:
    """Give the command that serves `target` from one process."""
    return [python, "-m", "bench.serving", target, str(port), str(threads)]


def main(target: str, port: str, threads: str) -> None:
    """Serve until told to stop."""
    Server(
        target,
        factory=True,
        interface=Interfaces.WSGI,
        address=HOST,
        port=int(port),
        workers=1,
        blocking_threads=int(threads),
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
