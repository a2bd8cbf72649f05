"""Programs that are given a time and end with it, with all that they have started."""

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO


def run_for(
    command: Sequence[str], seconds: float, environment: Mapping[str, str], said: IO[bytes]
) -> int | None:
    """Run a program and give its exit code, None where it was ended for taking too long.

    It sees this environment and nothing else of ours; what it says goes to a file.
    """
    process = subprocess.Popen(  # noqa: S603 - programs of our own choice
        command,
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        cwd=tempfile.gettempdir(),
        start_new_session=True,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
