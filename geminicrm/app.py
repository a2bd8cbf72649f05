"""The composition root: builds the core, then the web application around it.

This is the one file that knows every room. `build_core` makes what all processes share (web,
worker, command line); `create_app` adds the doors.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import generate_csrf
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine
from typing_extensions import override

from extensions.sdk.context import WorkspaceInfo
from geminicrm import __version__, navigation, plumbing
from geminicrm.api import http, operations
from geminicrm.config import Settings
from geminicrm.crm import doors as crm_doors
from geminicrm.crm import pages as crm_pages
from geminicrm.crm.build import Crm
from geminicrm.crm.build import build as build_crm
from geminicrm.identity import views as identity_views
from geminicrm.identity.cookies import BrowserSessions
from geminicrm.identity.guards import Credentials, Guard, current_actor, public
from geminicrm.identity.models import Workspace
from geminicrm.identity.people import is_member
from geminicrm.kernel.clock import Clock, SystemClock
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.db import Base, Database
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.outbox import Sink
from geminicrm.kernel.work import Actor, Works
from geminicrm.readiness import database_check, redis_check
from geminicrm.runtime import api as runtime_api
from geminicrm.runtime import apps_views, assets, consent_views, dispatch
from geminicrm.runtime import views as runtime_views
from geminicrm.runtime.assembly import Needs, build_life_cycle
from geminicrm.runtime.hosting.supervisor_client import SupervisorClient
from geminicrm.runtime.requirements.ensure import ensure
from geminicrm.runtime.requirements.fetch import PipFetch
from geminicrm.runtime.runtime import ExtensionRuntime, RuntimeOptions, RuntimeParts
from geminicrm.runtime.service import LifeCycle
from geminicrm.web import pages
from geminicrm.web import styleguide as web_styleguide
from marketplace import api as marketplace_api
from marketplace import views as marketplace_views
from marketplace.blobs import Blobs
from marketplace.cards import installed_states
from marketplace.counts import InstallCounts
from marketplace.extension_registry import EXTENSION as MARKETPLACE
from marketplace.extension_registry import Doors
from marketplace.package_reader import open_package
from marketplace.service import Registry, RegistrySource

EXTENSION = "geminicrm"
METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# Their server has a supervisor of its own, and starts another when that one dies.
_PATIENCE = {"web": 3.0, "worker": 3.0}


@dataclass(frozen=True, kw_only=True)
class Core:
    """Everything of one process that outlives a request; `close` lets go of it."""

    settings: Settings
    database: Database
    works: Works
    generations: Generations
    cipher: Cipher
    metrics: Metrics
    http: HttpClient
    crm: Crm
    runtime: ExtensionRuntime
    life_cycle: LifeCycle
    registry: Registry

    def sinks(self) -> tuple[Sink, ...]:
        """Name everybody who wants events."""
        return (self.runtime.sink,)

    def close(self) -> None:
        """Stop threads, close files and connections."""
        self.runtime.stop()
        self.generations.close()
        self.database.dispose()


def build_core(settings: Settings, kind: str = "command", clock: Clock | None = None) -> Core:
    """Make the core of one process of a kind (web, worker, command); no thread runs yet."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url, settings.home, settings.web_threads + 4)
    works = Works(database, clock or SystemClock())
    generations = Generations(settings.home / "generation")
    cipher = Cipher(settings.encryption_keys)
    metrics_folder = os.environ.get(METRICS_VARIABLE)
    metrics = Metrics(CollectorRegistry(), Path(metrics_folder) if metrics_folder else None)
    client = HttpClient(settings.egress_allow)
    runtime = ExtensionRuntime(
        RuntimeOptions(
            home=settings.home,
            kind=kind,
            threads=settings.web_threads,
            seconds=settings.extension_seconds,
        ),
        RuntimeParts(
            works=works,
            generations=generations,
            cipher=cipher,
            metrics=metrics,
            http=client,
            workspace=lambda workspace_id: _workspace_info(works, workspace_id),
            supervisor=SupervisorClient(
                settings.home,
                patience=_PATIENCE.get(kind, 0.0),
                idle_seconds=settings.host_idle_seconds,
            ),
            present=SupervisorClient(settings.home, starts=False),
            requirements=partial(ensure, settings.home, PipFetch()),
        ),
    )
    crm = build_crm(works, runtime.hooks, is_member)
    blobs = Blobs(settings.home / "registry")
    life_cycle = build_life_cycle(
        Needs(
            works=works,
            generations=generations,
            cipher=cipher,
            source=RegistrySource(works, blobs),
            unpack=lambda package: open_package(package).files,
            runner=runtime.runner,
            confines=runtime.hosting.confines,
            live=runtime,
            meter=metrics,
            packages=settings.home / "packages",
            logs=runtime.logs,
            core_version=__version__,
            allow_unsigned=settings.allow_unsigned,
        )
    )
    runtime.connect(
        crm.records,
        lambda actor, extension_id, values: _save(life_cycle, actor, extension_id, values),
    )
    return Core(
        settings=settings,
        database=database,
        works=works,
        generations=generations,
        cipher=cipher,
        metrics=metrics,
        http=client,
        crm=crm,
        runtime=runtime,
        life_cycle=life_cycle,
        registry=Registry(works, blobs, InstallCounts(works, generations)),
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
    core = core or build_core(settings or Settings.from_env(os.environ), "web")
    app = Flask("geminicrm", static_folder=None)
    app.session_interface = BrowserSessions()
    _configure(app, core.settings)
    bound = _BoundSQLAlchemy(core.database)
    bound.init_app(app)
    Migrate(app, bound)
    credentials = Credentials(core.works, core.generations)
    guard = Guard(app, core.works, credentials)
    plumbing.install(app, guard, core.metrics, secure=core.settings.secure)
    pages.init_app(
        app,
        nav=navigation.places,
        viewer=navigation.viewer_of(core.works),
        csrf_token=generate_csrf,
        public_url=core.settings.public_url,
        commands=navigation.commands,
    )
    public(app.view_functions["web.preferences"])
    _open_own_doors(app, core, credentials)
    _open_extension_doors(app, core)
    app.extensions[EXTENSION] = core
    app.extensions[MARKETPLACE] = Doors(core.works, core.registry, core.life_cycle, core.http)
    return app


def _configure(app: Flask, settings: Settings) -> None:
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


def _open_own_doors(app: Flask, core: Core, credentials: Credentials) -> None:
    checks = {"database": database_check(core.database.engine)}
    if core.settings.redis_url:
        checks["redis"] = redis_check(core.settings.redis_url)
    doors = (
        operations.blueprint(checks, core.metrics.exposition),
        identity_views.blueprint(credentials, core.generations, core.settings.session_days),
        web_styleguide.blueprint(),
        *crm_doors.blueprints(core.crm),
        *crm_pages.blueprints(core.crm, navigation.zone_of(core.works)),
    )
    for door in doors:
        app.register_blueprint(door)


def _open_extension_doors(app: Flask, core: Core) -> None:
    def read_record(actor: Actor, record_type: str, record_id: str) -> dict[str, object]:
        return dict(core.crm.records[record_type].get(actor, record_id))

    doors = (
        runtime_api.blueprint(core.life_cycle),
        runtime_views.blueprint(core.life_cycle, core.runtime.hooks),
        consent_views.blueprint(core.life_cycle),
        apps_views.blueprint(core.runtime.hooks, read_record),
        dispatch.blueprint(core.runtime.dispatcher, current_actor),
        assets.blueprint(core.runtime.options.packages),
        marketplace_api.blueprint(core.registry),
        marketplace_views.blueprint(
            core.registry, installed_states(core.works), core.runtime.hosting.confines
        ),
    )
    for door in doors:
        app.register_blueprint(door)


def _save(
    life_cycle: LifeCycle, actor: Actor, extension_id: str, values: Mapping[str, object]
) -> None:
    life_cycle.save_settings(actor, extension_id, values)


def _workspace_info(works: Works, workspace_id: str) -> WorkspaceInfo:
    with works.across_workspaces("tell an extension where it is") as work:
        row = work.session.get_one(Workspace, workspace_id)
        return WorkspaceInfo(
            id=row.id,
            name=row.name,
            timezone=row.time_zone,
            currency=row.currency,
            locale=row.locale,
        )
