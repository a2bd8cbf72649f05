"""Processes beside this one, on the same core; each waits for a line, then answers with JSON."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from geminicrm.config import Settings
from tests.support.process import clean_environ

_SECONDS = 60


class Beside:
    """One of them: `python -m module words...`, with the settings of a core."""

    def __init__(self, settings: Settings, module: str, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *words],
            env=clean_environ(
                GEMINICRM_ENV="test",
                GEMINICRM_HOME=str(settings.home),
                GEMINICRM_ENCRYPTION_KEYS=",".join(settings.encryption_keys),
                GEMINICRM_DATABASE_URL=settings.database_url,
                GEMINICRM_EGRESS_ALLOW="127.0.0.0/8",
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._input, self._output = self.process.stdin, self.process.stdout

    def ready(self) -> None:
        """Return when it says so."""
        lines = iter(self._output.readline, "")
        assert "ready\n" in lines

    def go(self) -> None:
        """Let it begin."""
        self._input.write("\n")
        self._input.flush()

    def answer(self) -> Any:
        """Give the list that it prints."""
        lines = [line for line in self._output if line.startswith("[")]
        assert self.process.wait(_SECONDS) == 0
        return json.loads(lines[-1])


@pytest.fixture
def start_beside() -> Iterator[Callable[..., list[Beside]]]:
    """Give a function that starts some, ready to go; they end with the test."""
    started: list[Beside] = []

    def start(settings: Settings, count: int, module: str, *words: str) -> list[Beside]:
        started.extend(Beside(settings, module, *words) for _number in range(count))
        for one in started:
            one.ready()
        return started

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()
