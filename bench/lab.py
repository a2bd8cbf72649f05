"""What a run of the bench has: its options, a folder that goes, trees that are stopped."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.trees import Tree


@dataclass(frozen=True)
class Options:
    """How long and how often is measured.

    `seconds` is one measurement, `rows` the records of the usual workloads, `many` those of the
    large list, `threads` the blocking threads of every web server.
    """

    rounds: int = 3
    seconds: float = 3.0
    rows: int = 10_000
    many: int = 1_000_000
    threads: int = 8

    @classmethod
    def quick(cls, rounds: int) -> "Options":
        """Give options for a look whether everything works; the figures say little."""
        return cls(rounds=rounds, seconds=0.5, rows=1_000, many=20_000)


class Lab:
    """One workload's place: folders for servers, and the servers themselves, until `close`."""

    def __init__(self, options: Options, stack: ExitStack, folder: Path) -> None:
        self.options = options
        self.missing: list[str] = []  # what could not be measured, and why
        self._stack = stack
        self._folder = folder

    def home(self, name: str) -> Path:
        """Make an empty folder for one server."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self._folder))

    def start(self, command: Sequence[str], environ: Mapping[str, str], home: Path) -> Tree:
        """Start a server that is stopped at the end of the workload at the latest."""
        tree = Tree(command, environ, home / "server.log")
        self._stack.callback(tree.stop)
        return tree

    def say(self, text: str) -> None:
        """Show progress; on a terminal each line takes the place of the one before."""
        if sys.stderr.isatty():
            print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)


@contextmanager
def opened(options: Options) -> Iterator[Lab]:
    """Give a lab; its servers are stopped and its folders removed, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="geminicrm-bench-"))
    try:
        with ExitStack() as stack:
            yield Lab(options, stack, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
