"""The web process: granian with a few workers, each one application."""

import atexit
import gc
import os

from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from geminicrm.app import EXTENSION, Core, create_app
from geminicrm.config import Settings
from geminicrm.kernel import logs
from geminicrm.processes import lifeline

_KILL_SECONDS = 10
_TARGET = "geminicrm.processes.web:worker_application"


def logged_application() -> Flask:
    """Make the application with its logging, which masks secret links in a server's access log."""
    settings = Settings.from_env(os.environ)
    logs.configure(settings.log_level, json=settings.production)
    return create_app(settings)


def application() -> Flask:
    """Make the application of one worker and start what runs beside its requests."""
    app = logged_application()
    core: Core = app.extensions[EXTENSION]
    core.start()
    atexit.register(core.close)
    return app


def worker_application() -> Flask:
    """Make the application of a granian worker, which ends when its parent does."""
    lifeline.follow_parent()
    return application()


def run(settings: Settings, target: str = _TARGET) -> None:
    """Serve until told to stop; `target` makes the application of a worker."""
    # The workers are forked: what the collector never touches stays shared between them.
    gc.collect()
    gc.freeze()
    Server(
        target,
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        respawn_failed_workers=True,
        workers_kill_timeout=_KILL_SECONDS,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()
