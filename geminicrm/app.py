"""The composition root: builds the core, then the web application around it.

This is the one file that knows every room. `build_core` makes what all processes share (web,
worker, command line); `create_app` adds the doors.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import redis
from flask import Flask, g, request
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import generate_csrf
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from typing_extensions import override

from geminicrm import plumbing
from geminicrm.api import http, operations
from geminicrm.config import Settings
from geminicrm.identity import views as identity_views
from geminicrm.identity.guards import Credentials, Guard
from geminicrm.identity.models import User, Workspace
from geminicrm.kernel.clock import Clock, SystemClock
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.db import Base, Database
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http.client import HttpClient
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.work import Works
from geminicrm.web import pages
from geminicrm.web.navigation import Command, NavItem, Viewer

EXTENSION = "geminicrm"


@dataclass(frozen=True)
class Core:
    """Everything of one process that outlives a request; `close` lets go of it."""

    settings: Settings
    database: Database
    works: Works
    generations: Generations
    cipher: Cipher
    metrics: Metrics
    http: HttpClient

    def close(self) -> None:
        """Close files, connections and threads."""
        self.generations.close()
        self.database.dispose()


def build_core(settings: Settings, clock: Clock | None = None) -> Core:
    """Make the core of one process; nothing runs yet."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url, settings.home, settings.web_threads + 4)
    metrics_dir = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Core(
        settings=settings,
        database=database,
        works=Works(database, clock or SystemClock()),
        generations=Generations(settings.home / "generation"),
        cipher=Cipher(settings.encryption_keys),
        metrics=Metrics(CollectorRegistry(), Path(metrics_dir) if metrics_dir else None),
        http=HttpClient(settings.egress_allow),
    )


class _BoundSQLAlchemy(SQLAlchemy):
    """Flask-SQLAlchemy on the engine that the kernel made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__(metadata=Base.metadata)

    @override
    def _make_engine(self, bind_key: str | None, options: dict[str, object], app: Flask) -> Engine:
        return self._database.engine


def create_app(settings: Settings | None = None, core: Core | None = None) -> Flask:
    """Make the web application; settings come from the environment unless given."""
    core = core or build_core(settings or Settings.from_env(os.environ))
    app = Flask("geminicrm", static_folder=None)
    _configure(app, core)
    bound = _BoundSQLAlchemy(core.database)
    bound.init_app(app)
    Migrate(app, bound)
    credentials = Credentials(core.works, core.generations)
    guard = Guard(app, core.works, credentials)
    plumbing.install(app, guard, core.metrics, secure=core.settings.secure)
    pages.init_app(
        app,
        nav=_navigation,
        viewer=_viewer(core),
        csrf_token=generate_csrf,
        public_url=core.settings.public_url,
        commands=_commands,
    )
    app.register_blueprint(operations.blueprint(_checks(core), core.metrics.exposition))
    app.register_blueprint(
        identity_views.blueprint(credentials, core.generations, core.settings.session_days)
    )
    app.extensions[EXTENSION] = core
    return app


def _configure(app: Flask, core: Core) -> None:
    settings = core.settings
    first_key = settings.encryption_keys[0]
    app.config.update(
        SECRET_KEY=hashlib.sha256(f"cookies {first_key}".encode()).hexdigest(),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        MAX_CONTENT_LENGTH=http.MAX_BODY,
        SESSION_COOKIE_NAME="geminicrm",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.session_days),
        PROPAGATE_EXCEPTIONS=False,
    )


def _checks(core: Core) -> dict[str, operations.Check]:
    checks: dict[str, operations.Check] = {"database": _database_check(core.database.engine)}
    if core.settings.redis_url:
        checks["redis"] = _redis_check(core.settings.redis_url)
    return checks


def _database_check(engine: Engine) -> operations.Check:
    def check() -> str | None:
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError as error:
            return f"The database does not answer: {error.__class__.__name__}"
        return None

    return check


def _redis_check(url: str) -> operations.Check:
    def check() -> str | None:
        try:
            with redis.Redis.from_url(url, socket_timeout=2) as client:
                client.ping()
        except redis.RedisError as error:
            return f"Redis at REDIS_URL does not answer: {error.__class__.__name__}"
        return None

    return check


def _viewer(core: Core) -> Callable[[], Viewer | None]:
    def viewer() -> Viewer | None:
        actor = g.get("actor")
        if actor is None:
            return None
        if "viewer" not in g:
            with core.works.across_workspaces("show who is signed in") as work:
                workspace = work.session.get_one(Workspace, actor.workspace_id)
                user = work.session.get_one(User, actor.user_id)
                g.viewer = Viewer(
                    name=user.name,
                    email=user.email,
                    workspace=workspace.name,
                    zone=workspace.time_zone,
                    links=(Command(title="Your account", url="/account", icon="settings"),),
                )
        return g.viewer  # type: ignore[no-any-return]  # flask.g is untyped

    return viewer


_PLACES = (
    ("Home", "/", "home", "", "g h"),
    ("Leads", "/leads", "user-plus", "", "g l"),
    ("Contacts", "/contacts", "users", "", "g c"),
    ("Companies", "/companies", "building", "", "g o"),
    ("Deals", "/deals", "layout-kanban", "", "g d"),
    ("Activities", "/activities", "calendar", "", "g a"),
    ("Marketplace", "/marketplace", "apps", "Extend", "g m"),
    ("Installed", "/installed", "puzzle", "Extend", "g i"),
)


def _navigation() -> list[NavItem]:
    here = request.path
    return [
        NavItem(
            label=label,
            url=url,
            icon=icon,
            section=section,
            keys=keys,
            active=here == url or (url != "/" and here.startswith(f"{url}/")),
        )
        for label, url, icon, section, keys in _PLACES
    ]


def _commands() -> list[Command]:
    return [
        Command(title="New lead", url="/leads/new", keys="c"),
        Command(title="New contact", url="/contacts/new"),
        Command(title="New company", url="/companies/new"),
        Command(title="New deal", url="/deals/new"),
        Command(title="Your account", url="/account", icon="settings"),
    ]
