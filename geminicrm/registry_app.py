"""A registry as an installation of its own: sign-in, marketplace and what belongs to it.

No CRM, and no code of any extension is ever run here.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from flask import Blueprint, Flask, redirect
from flask_wtf.csrf import generate_csrf
from prometheus_client import CollectorRegistry
from werkzeug.wrappers import Response

from geminicrm import navigation, plumbing
from geminicrm.api import operations
from geminicrm.config import Settings
from geminicrm.identity import views as identity_views
from geminicrm.identity.cookies import BrowserSessions
from geminicrm.identity.guards import Credentials, Guard, current_actor, public
from geminicrm.kernel.clock import Clock, SystemClock
from geminicrm.kernel.crypto import Cipher
from geminicrm.kernel.db import Database
from geminicrm.kernel.generation import Generations
from geminicrm.kernel.http import HttpClient
from geminicrm.kernel.metrics import Metrics
from geminicrm.kernel.work import Works
from geminicrm.readiness import database_check
from geminicrm.runtime.own_packages import OwnPackages
from geminicrm.web import pages
from geminicrm.web.navigation import Viewer
from marketplace import doors as market_doors
from marketplace.assembly import Marketplace, MarketplaceNeeds, build_marketplace
from marketplace.cards import installed_states
from marketplace.signing.pins import ACTIVE

EXTENSION = "geminicrm.registry"


@dataclass(frozen=True, kw_only=True)
class RegistryCore:
    """Everything of one process of a registry that outlives a request."""

    settings: Settings
    database: Database
    works: Works
    generations: Generations
    cipher: Cipher
    metrics: Metrics
    marketplace: Marketplace

    def close(self) -> None:
        """Close files and connections."""
        self.generations.close()
        self.database.dispose()


def build_registry_core(settings: Settings, clock: Clock | None = None) -> RegistryCore:
    """Make the core of one process of a registry."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_url, settings.home, settings.web_threads + 4)
    works = Works(database, clock or SystemClock())
    generations = Generations(settings.home / "generation")
    cipher = Cipher(settings.encryption_keys)
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return RegistryCore(
        settings=settings,
        database=database,
        works=works,
        generations=generations,
        cipher=cipher,
        metrics=Metrics(CollectorRegistry(), Path(folder) if folder else None),
        marketplace=build_marketplace(
            MarketplaceNeeds(
                works=works,
                generations=generations,
                cipher=cipher,
                http=HttpClient(settings.egress_allow),
                home=settings.home,
                note_own=OwnPackages(works, cipher).note,
                blobs=settings.blobs,
                review=settings.registry_review,
            )
        ),
    )


def create_registry_app(core: RegistryCore) -> Flask:
    """Make the web application of a registry."""
    app = Flask("geminicrm", static_folder=None)
    app.session_interface = BrowserSessions()
    plumbing.configure(app, core.settings, cookie="geminicrm_registry")
    credentials = Credentials(core.works, core.generations)
    guard = Guard(app, core.works, credentials)
    plumbing.install(app, guard, core.metrics, secure=core.settings.secure)
    pages.init_app(
        app,
        nav=navigation.places_of_registry,
        viewer=_viewer(core.works),
        csrf_token=generate_csrf,
        public_url=core.settings.public_url,
    )
    public(app.view_functions["web.preferences"])
    for door in _doors(core, credentials):
        app.register_blueprint(door)
    app.extensions[EXTENSION] = core
    return app


def _doors(core: RegistryCore, credentials: Credentials) -> tuple[Blueprint, ...]:
    checks = {"database": database_check(core.database.engine)}
    return (
        operations.blueprint(checks, core.metrics.exposition),
        identity_views.blueprint(credentials, core.generations, core.settings.session_days),
        _front(core),
        *market_doors.blueprints(
            core.marketplace,
            installed_states(core.works),
            lambda: True,
            private=core.settings.registry_private,
        ),
    )


def _front(core: RegistryCore) -> Blueprint:
    front = Blueprint("registry_front", __name__)

    @front.get("/")
    def home() -> Response:
        return redirect("/marketplace")

    @front.get("/marketplace/<extension_id>/install")
    def how_to_install(extension_id: str) -> str:
        listing, release = core.marketplace.registry.get(current_actor(), extension_id)
        return pages.render(
            "registries/how.html",
            listing=listing,
            release=release,
            url=core.settings.public_url,
            keys=sorted(core.marketplace.keys.pinned().of_state(ACTIVE)),
        )

    return front


def _viewer(works: Works) -> Callable[[], Viewer | None]:
    viewer = navigation.viewer_of(works)

    def looking() -> Viewer | None:
        person = viewer()
        return replace(person, search_url="/marketplace") if person else None

    return looking
