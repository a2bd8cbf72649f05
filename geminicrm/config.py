"""Settings: read once from the environment and `.env`, checked, frozen."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from cryptography.fernet import Fernet
from dotenv import dotenv_values

from geminicrm import config_forms as forms

ENVIRONMENTS = ("production", "development", "test")
BLOBS = ("files", "database")
Review = Literal["none", "unverified", "all"]
REVIEWS: tuple[Review, ...] = ("none", "unverified", "all")
KEY_FILE = "keys"
SERVED_FILE = "served.env"
Value = TypeVar("Value")


class ConfigurationError(Exception):
    """A setting of the operator is wrong: its name, its value, and the form expected."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name} is {value!r}; expected {expected}.")
        self.name = name


@dataclass(frozen=True)
class Settings:
    """The operator's choices; every field names the variable it comes from."""

    env: str  # GEMINICRM_ENV: production unless said otherwise
    home: Path  # GEMINICRM_HOME: database, packages, keys, logs of this machine
    database_url: str  # GEMINICRM_DATABASE_URL: SQLite in the home unless said otherwise
    redis_url: str | None  # REDIS_URL: wakes workers on other machines
    host: str  # GEMINICRM_HOST: the address that web listens on
    port: int  # PORT
    public_url: str  # GEMINICRM_PUBLIC_URL: builds every callback; https in production
    web_workers: int  # GEMINICRM_WEB_WORKERS: processes
    web_threads: int  # GEMINICRM_WEB_THREADS: threads in each of them
    encryption_keys: tuple[str, ...]  # GEMINICRM_ENCRYPTION_KEYS, else the home's keys file
    egress_allow: tuple[str, ...]  # GEMINICRM_EGRESS_ALLOW: private targets that may be called
    http_pool: int  # GEMINICRM_HTTP_POOL: idle connections kept per outside host and connection
    log_level: str  # GEMINICRM_LOG_LEVEL
    allow_unsigned: bool  # GEMINICRM_ALLOW_UNSIGNED: packages without a signature may be installed
    relay_poll_seconds: float  # GEMINICRM_RELAY_POLL_SECONDS: how often the worker looks
    extension_seconds: float  # GEMINICRM_EXTENSION_SECONDS: one call into an extension
    host_idle_seconds: float  # GEMINICRM_HOST_IDLE_SECONDS: an extension's process without work
    watch_seconds: float  # GEMINICRM_WATCH_SECONDS: how long an upgraded extension is watched
    session_days: int  # GEMINICRM_SESSION_DAYS: how long a sign-in holds
    start_seconds: float  # GEMINICRM_START_SECONDS: when a start of `serve` counts as failed
    safe_mode: bool | None  # GEMINICRM_SAFE_MODE: no extension runs; None: the home decides
    registry_review: Review  # GEMINICRM_REGISTRY_REVIEW: whose versions wait for a review
    blobs: str  # GEMINICRM_BLOBS: where packages are kept, files or database
    shared_values_for: tuple[str, ...]  # GEMINICRM_SHARED_VALUES_FOR: workspaces, by id or slug
    registry_private: bool  # GEMINICRM_REGISTRY_PRIVATE: a registry of its own asks for a token

    @property
    def production(self) -> bool:
        """Tell whether the strict rules of a public server hold."""
        return self.env == "production"

    @property
    def secure(self) -> bool:
        """Tell whether people reach us by https, so that cookies must not travel otherwise."""
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read and check everything; ConfigurationError names the first wrong variable.

        The process environment wins over a `.env` file in the working directory.
        """
        return _read(_Reader(environment(environ)))

    @classmethod
    def for_command(cls, environ: Mapping[str, str]) -> "Settings":
        """Read as `from_env`, but what is not said is as the last `serve` of this home had it.

        For commands beside a running server, never for a server: one that is started without a
        word about its environment has to be a strict one.
        """
        given = environment(environ)
        served = dotenv_values(_home(_Reader(given)) / SERVED_FILE)
        return _read(_Reader({k: v for k, v in served.items() if v is not None} | given))

    def remember(self) -> None:
        """Note in the home what `for_command` takes from it."""
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lines: dict[str, object] = {
            "GEMINICRM_ENV": self.env,
            "GEMINICRM_PUBLIC_URL": self.public_url,
            "PORT": self.port,
            "GEMINICRM_BLOBS": self.blobs,
            # Else a command would find services out of reach, and values missing, that are not.
            "GEMINICRM_EGRESS_ALLOW": ",".join(self.egress_allow),
            "GEMINICRM_SHARED_VALUES_FOR": ",".join(self.shared_values_for),
        }
        if self.safe_mode is not None:
            lines["GEMINICRM_SAFE_MODE"] = "yes" if self.safe_mode else "no"
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        (self.home / SERVED_FILE).write_text(text)


def make_key_file(home: Path) -> str:
    """Create the home's first encryption key, readable by its owner only; give the key."""
    key = Fernet.generate_key().decode()
    home.mkdir(parents=True, exist_ok=True)
    path = home / KEY_FILE
    path.touch(mode=0o600)
    path.write_text(f"{key}\n")
    return key


def keys_in(home: Path) -> tuple[str, ...]:
    """Give the encryption keys that the home's keys file holds now."""
    path = home / KEY_FILE
    return tuple(path.read_text().split()) if path.exists() else ()


def put_key_first(home: Path, key: str, others: Sequence[str]) -> None:
    """Write the home's keys file anew, whole at any moment: whoever loses it loses every secret."""
    staged = home / f"{KEY_FILE}.new"
    staged.touch(mode=0o600)
    with staged.open("w") as file:
        file.write("\n".join([key, *others]) + "\n")
        file.flush()
        os.fsync(file.fileno())
    staged.replace(home / KEY_FILE)


class _Reader:
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str) -> str:
        return self._values.get(name, "").strip() or default

    def parsed(self, name: str, default: str, parse: Callable[[str], Value], form: str) -> Value:
        text = self.text(name, default)
        try:
            return parse(text)
        except ValueError:
            raise ConfigurationError(name, text, form) from None


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Give the variables of a process with those of the `.env` file beneath them."""
    values = {k: v for k, v in dotenv_values(".env").items() if v is not None}
    return {**values, **environ}


def _home(reader: _Reader) -> Path:
    return Path(reader.text("GEMINICRM_HOME", "./var")).absolute()


def _read(reader: _Reader) -> Settings:
    env = reader.parsed(
        "GEMINICRM_ENV", "production", partial(forms.one_of, ENVIRONMENTS), "one of " + _names()
    )
    home = _home(reader)
    port = reader.parsed("PORT", "8000", forms.port, "a port from 1 to 65535")
    database_url = _database_url(reader, home)
    return Settings(
        env=env,
        home=home,
        database_url=database_url,
        redis_url=reader.text("REDIS_URL", "") or None,
        host=reader.text("GEMINICRM_HOST", "127.0.0.1"),
        port=port,
        public_url=_public_url(reader, env, port),
        web_workers=reader.parsed(
            "GEMINICRM_WEB_WORKERS", "2", forms.count, "a number from 1 to 64"
        ),
        web_threads=reader.parsed(
            "GEMINICRM_WEB_THREADS", "8", forms.count, "a number from 1 to 64"
        ),
        encryption_keys=_keys(reader, env, home),
        egress_allow=reader.parsed(
            "GEMINICRM_EGRESS_ALLOW",
            "",
            forms.egress,
            "a comma-separated list of CIDRs or host:port",
        ),
        http_pool=reader.parsed("GEMINICRM_HTTP_POOL", "10", forms.count, "a number from 1 to 64"),
        log_level=reader.parsed(
            "GEMINICRM_LOG_LEVEL", "INFO", forms.log_level, "DEBUG, INFO, WARNING or ERROR"
        ),
        allow_unsigned=reader.parsed("GEMINICRM_ALLOW_UNSIGNED", "no", forms.flag, "yes or no"),
        relay_poll_seconds=reader.parsed(
            "GEMINICRM_RELAY_POLL_SECONDS", "0.5", forms.seconds, "seconds above 0"
        ),
        extension_seconds=reader.parsed(
            "GEMINICRM_EXTENSION_SECONDS", "10", forms.seconds, "seconds above 0"
        ),
        host_idle_seconds=reader.parsed(
            "GEMINICRM_HOST_IDLE_SECONDS", "60", forms.seconds, "seconds above 0"
        ),
        watch_seconds=reader.parsed(
            "GEMINICRM_WATCH_SECONDS", "600", forms.seconds_or_none, "seconds up to a day, or 0"
        ),
        session_days=reader.parsed(
            "GEMINICRM_SESSION_DAYS", "14", forms.days, "days from 1 to 365"
        ),
        start_seconds=reader.parsed(
            "GEMINICRM_START_SECONDS", "60", forms.seconds, "seconds above 0"
        ),
        registry_review=reader.parsed(
            "GEMINICRM_REGISTRY_REVIEW", "none", _review, "none, unverified or all"
        ),
        safe_mode=_safe_mode(reader),
        blobs=_blobs(reader, database_url),
        shared_values_for=forms.names(reader.text("GEMINICRM_SHARED_VALUES_FOR", "")),
        registry_private=reader.parsed("GEMINICRM_REGISTRY_PRIVATE", "no", forms.flag, "yes or no"),
    )


def _names() -> str:
    return ", ".join(ENVIRONMENTS)


def _safe_mode(reader: _Reader) -> bool | None:
    given = reader.text("GEMINICRM_SAFE_MODE", "")
    return (
        reader.parsed("GEMINICRM_SAFE_MODE", "", forms.flag, "yes, no, or nothing")
        if given
        else None
    )


def _blobs(reader: _Reader, database_url: str) -> str:
    default = "files" if database_url.startswith("sqlite") else "database"
    return reader.parsed(
        "GEMINICRM_BLOBS", default, partial(forms.one_of, BLOBS), "files or database"
    )


def _review(text: str) -> Review:
    for known in REVIEWS:
        if text.lower() == known:
            return known
    raise ValueError(text)


def _database_url(reader: _Reader, home: Path) -> str:
    url = reader.text("GEMINICRM_DATABASE_URL", f"sqlite:///{home}/geminicrm.db")
    for old in ("postgresql://", "postgres://"):
        if url.startswith(old):
            return "postgresql+psycopg://" + url.removeprefix(old)
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        raise ConfigurationError(
            "GEMINICRM_DATABASE_URL", url, "sqlite:///PATH or postgresql://USER@HOST/NAME"
        )
    return url


def _public_url(reader: _Reader, env: str, port: int) -> str:
    default = "" if env == "production" else f"http://127.0.0.1:{port}"
    url = reader.text("GEMINICRM_PUBLIC_URL", default).rstrip("/")
    if env == "production" and not url.startswith("https://"):
        raise ConfigurationError(
            "GEMINICRM_PUBLIC_URL", url, "the https:// address people use, in production"
        )
    if not url.startswith(("https://", "http://")):
        raise ConfigurationError("GEMINICRM_PUBLIC_URL", url, "an https:// or http:// address")
    return url


def _keys(reader: _Reader, env: str, home: Path) -> tuple[str, ...]:
    given = reader.text("GEMINICRM_ENCRYPTION_KEYS", "")
    if not given:
        given = ",".join(keys_in(home))
    if not given and env != "production":
        given = make_key_file(home)
    keys = tuple(key.strip() for key in given.split(",") if key.strip())
    if not keys:
        raise ConfigurationError(
            "GEMINICRM_ENCRYPTION_KEYS", "", "at least one key; make one with `geminicrm keys new`"
        )
    for key in keys:
        _check_key(key)
    return keys


def _check_key(key: str) -> None:
    try:
        Fernet(key)
    except ValueError:
        raise ConfigurationError(
            "GEMINICRM_ENCRYPTION_KEYS", f"{key[:4]}…", "keys made by `geminicrm keys new`"
        ) from None
