"""The root of `geminicrm serve`: holds the tree, and says where it answers.

It takes the place of the command that prepared the home, so that what only preparing needs leaves
the memory with it: this process lives as long as the tree, and does next to nothing.
"""

import os
import sys
import threading
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.error import URLError

import click
import orjson

from geminicrm.config import Settings
from geminicrm.kernel import logs
from geminicrm.processes import supervisor, tree

_START_SECONDS = 60.0
_STEP_SECONDS = 0.1
_DEMO = "--demo"


def become(*, with_demo: bool) -> None:
    """Go on as the root of the tree, in this very process; does not return."""
    words = [sys.executable, "-m", "geminicrm.processes.serve"]
    os.execv(sys.executable, [*words, *([_DEMO] if with_demo else [])])  # noqa: S606 - our own command


def main(words: Sequence[str]) -> int:
    """Hold the tree until told to stop; give its exit code."""
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, json=settings.production)
    demo = settings.home / "demo.json" if _DEMO in words else None
    return tree.run(_children(settings), lambda: _greet(settings, demo))


def _children(settings: Settings) -> dict[str, Sequence[str]]:
    children: dict[str, Sequence[str]] = {
        "web": ("-m", "geminicrm", "web"),
        "worker": ("-m", "geminicrm", "worker"),
    }
    if sys.platform == "linux":  # no other system has what hosts are made with
        children["supervisor"] = supervisor.words(settings)
    return children


def _greet(settings: Settings, demo: Path | None) -> None:
    waiting = threading.Event()
    address = f"http://{settings.host}:{settings.port}"
    for _attempt in range(int(_START_SECONDS / _STEP_SECONDS)):
        if _answers(f"{address}/readyz"):
            break
        waiting.wait(_STEP_SECONDS)
    else:
        click.echo(f"{address} did not answer within {_START_SECONDS:g} s; see the log.", err=True)
        return
    click.echo(f"\nGeminiCRM Pro runs at {address}  (Ctrl-C stops it)")
    if demo is not None:
        made = orjson.loads(demo.read_bytes())
        click.echo(f"  sign in with {made['email']} and the password {made['password']}\n")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own loopback address
            return bool(orjson.loads(response.read())["status"] == "ready")
    except (URLError, OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
