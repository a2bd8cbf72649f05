"""What `geminicrm doctor` looks at: the machine and the configuration, each with its mend."""

import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from geminicrm.config import ConfigurationError, Settings
from geminicrm.kernel.db import Database
from geminicrm.kernel.migrate import pending
from geminicrm.kernel.ports import port_taken
from geminicrm.readiness import database_check, redis_check
from geminicrm.runtime.safe_mode import SafeMode

_LEAST_PYTHON = (3, 11)
_LEAST_FREE = 200 * 1024 * 1024


@dataclass(frozen=True)
class Line:
    """One thing looked at; `detail` says what is there, or what to mend."""

    name: str
    ok: bool
    detail: str

    def as_dict(self) -> dict[str, object]:
        """Give the line for a program."""
        return asdict(self)


def diagnose(environ: Mapping[str, str]) -> list[Line]:
    """Look at everything; a wrong configuration ends the look at what depends on it."""
    lines = [_python()]
    try:
        settings = Settings.from_env(environ)
    except ConfigurationError as error:
        return [*lines, Line("configuration", ok=False, detail=str(error))]
    lines.append(Line("configuration", ok=True, detail=f"{settings.env}, home {settings.home}"))
    lines += [_disk(settings), _database(settings), _port(settings), _safe_mode(settings)]
    if settings.redis_url:
        lines.append(_redis(settings.redis_url))
    return lines


def _python() -> Line:
    ok = sys.version_info >= _LEAST_PYTHON
    detail = f"Python {platform.python_version()} on {platform.system()} {platform.release()}"
    return Line("python", ok, detail if ok else f"{detail}; install Python 3.11 or newer")


def _disk(settings: Settings) -> Line:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(settings.home).free
    ok = free > _LEAST_FREE
    detail = f"{free // 1024**2} MiB free at {settings.home}"
    return Line("disk", ok, detail if ok else f"{detail}; make room for at least 200 MiB")


def _database(settings: Settings) -> Line:
    database = Database(settings.database_url, settings.home)
    shown = database.engine.url.render_as_string(hide_password=True)
    wrong = database_check(database.engine)()
    database.dispose()
    if wrong:
        return Line("database", ok=False, detail=f"{shown}: {wrong}; see GEMINICRM_DATABASE_URL")
    if pending(settings.database_url):
        return Line("database", ok=False, detail=f"{shown}: run `geminicrm db upgrade`")
    return Line("database", ok=True, detail=shown)


def _port(settings: Settings) -> Line:
    taken = port_taken(settings.host, settings.port)
    if taken:
        return Line("port", ok=False, detail=f"{taken}; set PORT")
    return Line("port", ok=True, detail=f"{settings.host}:{settings.port} is free")


def _safe_mode(settings: Settings) -> Line:
    state = SafeMode(settings.home, settings.safe_mode).state()
    if not state.on:
        return Line("safe mode", ok=True, detail="off")
    how = "unset GEMINICRM_SAFE_MODE" if state.by == "environment" else "`geminicrm safe-mode off`"
    why = state.reason or "Somebody turned it on."
    return Line("safe mode", ok=False, detail=f"on, no extension runs. {why} To leave it: {how}")


def _redis(url: str) -> Line:
    wrong = redis_check(url)()
    detail = f"{wrong}; start Redis or unset it" if wrong else "REDIS_URL answers"
    return Line("redis", ok=wrong is None, detail=detail)
