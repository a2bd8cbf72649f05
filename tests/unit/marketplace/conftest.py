"""A marketplace of its own for a test: packages to publish, a registry, a web application."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from prometheus_client import CollectorRegistry

from geminicrm import plumbing
from geminicrm.app import Core
from geminicrm.identity import views as identity_views
from geminicrm.identity.guards import Credentials, Guard
from geminicrm.identity.people import create_user
from geminicrm.kernel.metrics import Metrics
from geminicrm.runtime.authoring.new import create_extension
from geminicrm.web import pages
from geminicrm.web.navigation import NavItem, Viewer
from marketplace.blobs import Blobs, FileBlobs
from marketplace.cards import InstalledState
from marketplace.counts import InstallCounts
from marketplace.doors import blueprints
from marketplace.packages import pack
from marketplace.publishers.schemas import Profile
from marketplace.publishers.service import PublisherView
from marketplace.service import Registry
from marketplace.source import RegistrySource
from marketplace.trust import build_keys
from tests.support.core import PASSWORD, Tenant, sign_in
from tests.support.life import zipped


@dataclass
class Author:
    """Writes extensions into a folder and packs them; `changelog` follows a heading."""

    folder: Path
    changelog: str = "- One\n"

    def write(self, extension_id: str = "deal-insights", **manifest: Any) -> Path:
        """Make or change an extension; keywords are members of its manifest, None removes one."""
        folder = self.folder / extension_id.replace("-", "_")
        if not folder.exists():
            create_extension(extension_id, self.folder)
            (folder / "README.md").write_text(f"# {extension_id}\n\nWhat it does.\n")
        path = folder / "manifest.json"
        members = {**json.loads(path.read_text()), **manifest}
        kept = {name: value for name, value in members.items() if value is not None}
        path.write_text(json.dumps(kept))
        heading = f"# Changes\n\n## {kept.get('version')}\n\n" if self.changelog else ""
        (folder / "CHANGELOG.md").write_text(heading + self.changelog)
        return folder

    def zipped(self, extension_id: str = "deal-insights") -> bytes:
        """Give the folder as a plain zip, whatever is wrong with it."""
        folder = self.folder / extension_id.replace("-", "_")
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return zipped({str(path.relative_to(folder)): path.read_bytes() for path in files})

    def package(self, extension_id: str = "deal-insights", **manifest: Any) -> bytes:
        """Give the bytes of a package."""
        return pack(self.write(extension_id, **manifest), self.folder).path.read_bytes()


@pytest.fixture
def author(tmp_path: Path) -> Author:
    """Give somebody who writes extensions."""
    folder = tmp_path / "author"
    folder.mkdir()
    return Author(folder)


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """Give an empty folder of packages."""
    return FileBlobs(tmp_path / "registry")


def sign_up(core: Core, tenant: Tenant, slug: str = "acme", **changes: Any) -> PublisherView:
    """Make a publisher that the tenant's owner owns: who has one publishes for everybody."""
    profile = Profile(**{"slug": slug, "name": slug.title(), "kind": "organisation", **changes})
    return core.marketplace.publishers.sign_up(tenant.owner(), profile)


def registry_of(core: Core, blobs: Blobs) -> Registry:
    """Give a registry on a core."""
    counts = InstallCounts(core.works, core.generations)
    keys = build_keys(core.works, core.cipher)
    return Registry(core.works, blobs, counts, keys, core.own_packages.note)


@pytest.fixture
def registry(core: Core, blobs: Blobs) -> Registry:
    """Give an empty registry."""
    return registry_of(core, blobs)


@pytest.fixture
def source(core: Core, blobs: Blobs) -> RegistrySource:
    """Give the registry as the runtime sees it."""
    return RegistrySource(core.works, blobs)


@pytest.fixture
def installed() -> dict[str, InstalledState]:
    """Give what the workspace has installed; a test adds to it."""
    return {}


@pytest.fixture
def app(core: Core, registry: Registry, installed: dict[str, InstalledState]) -> Flask:
    """Give a web application with the marketplace in it, and the doors of people."""
    return market_app(core, registry, lambda _actor: installed)


def market_app(core: Core, registry: Registry, installed: Callable[..., Any]) -> Flask:
    """Make a web application around a registry."""
    app = Flask("market", static_folder=None)
    app.secret_key = "only for tests"
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    credentials = Credentials(core.works, core.generations)
    plumbing.install(
        app, Guard(app, core.works, credentials), Metrics(CollectorRegistry(), None), secure=False
    )
    pages.init_app(
        app,
        nav=lambda: [NavItem(label="Marketplace", url="/marketplace", icon="apps", active=True)],
        viewer=lambda: Viewer(name="Olga Owner", email="owner@north.example", workspace="North"),
        csrf_token=generate_csrf,
        public_url="http://localhost",
    )
    app.register_blueprint(identity_views.blueprint(credentials, core.generations, 1))
    market = replace(core.marketplace, registry=registry)
    for door in blueprints(market, installed, lambda: False):
        app.register_blueprint(door)
    return app


@pytest.fixture
def owner(client: FlaskClient, tenant: Tenant) -> FlaskClient:
    sign_in(client, tenant)
    return client


@pytest.fixture
def member(app: Flask, core: Core, tenant: Tenant) -> FlaskClient:
    email = "member@north.example"
    with core.works.across_workspaces("add a member for a test", write=True) as work:
        create_user(work, tenant.id, email, "member", PASSWORD)
    client = app.test_client()
    sign_in(client, Tenant(tenant.id, "", email, ""))
    return client


def text(client: FlaskClient, path: str, **options: Any) -> str:
    answer = client.get(path, **options)
    assert answer.status_code == 200
    return unescape(re.sub(r"\s+", " ", answer.get_data(as_text=True)))
