"""The processes of `geminicrm registry serve`: a web server, and a keeper of what runs out."""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Final

import click
import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from geminicrm.config import Settings
from geminicrm.identity.sign_in import sweep
from geminicrm.kernel import logs
from geminicrm.kernel.errors import AppError
from geminicrm.kernel.relay import Relay
from geminicrm.processes import lifeline, serve, tree, web
from geminicrm.registry_app import RegistryCore, build_registry_core, create_registry_app

_ITSELF: Final = "geminicrm.processes.registry"
_KEEP_SECONDS: Final = 60.0
_log = structlog.get_logger(__name__)


def become() -> None:
    """Go on as the root of the registry's tree, in this very process; does not return."""
    os.execv(sys.executable, [sys.executable, "-m", _ITSELF])  # noqa: S606 - our own command


def main(words: Sequence[str]) -> int:
    """Be the root of the tree, or the one of its processes that is named; give the exit code."""
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, json=settings.production)
    if not words:
        children = {name: ("-m", _ITSELF, name) for name in ("web", "keeper")}
        return tree.run(children, lambda: _greet(settings))
    lifeline.hold_on(os.environ)
    if words[0] == "web":
        web.run(settings, f"{_ITSELF}:worker_application")
    else:
        Keeper(build_registry_core(settings)).run()
    return 0


def worker_application() -> Flask:
    """Make the application of a granian worker, which ends when its parent does."""
    lifeline.follow_parent()
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, json=settings.production)
    core = build_registry_core(settings)
    atexit.register(core.close)
    return create_registry_app(core)


class Keeper:
    """Renews what runs out and clears away what has, every minute."""

    def __init__(self, core: RegistryCore) -> None:
        self._core = core
        self._relay = Relay(core.works, (), core.metrics)
        self._stop = threading.Event()

    def run(self) -> None:
        """Work until SIGTERM or Ctrl-C."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._stop.set())
        try:
            while not self._stop.is_set():
                self.step()
                self._stop.wait(_KEEP_SECONDS)
        finally:
            self._core.close()

    def step(self) -> None:
        """Do what is due; a database that is away is asked again later."""
        try:
            while self._relay.step():
                continue
            with self._core.works.across_workspaces("sweep what ran out", write=True) as work:
                sweep(work)
            self._core.marketplace.moderation.notices.renew()
            self._core.marketplace.statistics.count()
        except (SQLAlchemyError, AppError) as error:
            _log.warning("the keeper rests: the database is away", error=str(error))


def _greet(settings: Settings) -> None:
    address = f"http://{settings.host}:{settings.port}"
    if not serve.wait_until_ready(address):
        return
    access = "with a token only" if settings.registry_private else "by anybody who reaches it"
    click.echo(f"\nThe registry runs at {address}, to be read {access}  (Ctrl-C stops it)")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
