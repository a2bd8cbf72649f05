"""Small extensions of every temper, and a runtime that runs them."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from extensions.sdk.context import WorkspaceInfo
from geminicrm.app import Core
from geminicrm.crm.build import Crm, build
from geminicrm.identity.permissions import SCOPES
from geminicrm.kernel.generation import RUNTIME
from geminicrm.kernel.ids import new_id
from geminicrm.kernel.vault import Vault
from geminicrm.kernel.work import Actor
from geminicrm.runtime.live import Installed
from geminicrm.runtime.manifest import Manifest, parse_manifest
from geminicrm.runtime.models import Installation
from geminicrm.runtime.parts import RuntimeOptions, RuntimeParts
from geminicrm.runtime.runtime import ExtensionRuntime
from tests.support.core import Tenant

EVERY_SCOPE = [name for name, scope in SCOPES.items() if scope.for_extensions]
HEAD = """
from flask import Blueprint, abort, jsonify, request
from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.actions import ActionResult
from extensions.sdk.blocks import Badge, Stat, Text
from extensions.sdk.errors import Conflict, HttpFailed, Invalid, NotFound, Refused, Unavailable
"""
QUIET = """
class Sample(ExtensionBase):
    def install(self):
        return None

    def uninstall(self):
        return None

    def get_routes(self):
        return None
"""
OLD_STYLE = """
from flask import Blueprint, jsonify
from extensions.extension_base import ExtensionBase


class OldStyle(ExtensionBase):
    def __init__(self, app):
        super().__init__(app)
        self.app = app

    def install(self):
        return {"success": True, "message": "installed"}

    def uninstall(self):
        return {"success": True, "message": "uninstalled"}

    def get_routes(self):
        routes = Blueprint("old", __name__, url_prefix="/api/extensions/old-style")

        @routes.route("/hello", methods=["GET"])
        def hello():
            return jsonify({"hello": self.app.workspace.name, "config": self.get_config()})

        return routes
"""


def with_method(method: str) -> str:
    """Give the source of a quiet extension with more methods."""
    return HEAD + QUIET + "\n" + _indented(method)


def with_routes(routes: str) -> str:
    """Give the source of an extension whose blueprint `routes` gets these views."""
    return HEAD + QUIET.replace(
        "    def get_routes(self):\n        return None\n",
        "    def get_routes(self):\n        routes = Blueprint('sample', __name__)\n"
        + _indented(routes, 8)
        + "        return routes\n",
    )


def _indented(source: str, spaces: int = 4) -> str:
    return "".join(f"{' ' * spaces}{line}\n" for line in dedent(source).strip("\n").splitlines())


@dataclass(frozen=True)
class Package:
    """An unpacked version under the runtime's `packages`."""

    folder: Path
    digest: str
    manifest: Manifest


def write_package(
    packages: Path, source: str, files: dict[str, str] | None = None, **manifest: Any
) -> Package:
    """Write an extension's folder under the digest of what is in it."""
    facts = {
        "id": "sample",
        "name": "Sample",
        "version": "1.0.0",
        "description": "A sample for tests.",
        "author": "GeminiCRM Pro authors",
        "license": "MIT",
        "permissions": EVERY_SCOPE,
        "entry_point": "extension.py",
        "icon": "static/icon.svg",
        "settings": [],
        **manifest,
    }
    contents = {
        "manifest.json": json.dumps(facts),
        "__init__.py": "",
        "extension.py": source,
        "static/icon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        **(files or {}),
    }
    digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()
    folder = packages / digest
    for name, text in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    parsed = parse_manifest(json.dumps(facts).encode(), known_scopes=EVERY_SCOPE)
    return Package(folder, digest, parsed)


@dataclass
class CountedCalls:
    """The metrics that a test looks at."""

    seen: list[tuple[str, str, str]] = field(default_factory=list)
    flushed: int = 0

    def extension_call(self, extension_id: str, kind: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.seen.append((extension_id, kind, outcome))

    def outside_call(
        self,
        extension_id: str,
        _connection_id: str | None,
        outcome: str,
        seconds: float,
        *,
        sent: bool,
    ) -> None:
        assert seconds >= 0
        assert sent in {True, False}
        self.seen.append((extension_id, "outside", outcome))

    def flush(self) -> None:
        self.flushed += 1


@dataclass
class Stage:
    """A runtime on a core, with the CRM behind it, and extensions put into it by hand."""

    core: Core
    runtime: ExtensionRuntime
    crm: Crm
    metrics: CountedCalls
    saved: list[tuple[str, str, dict[str, Any]]]

    @property
    def packages(self) -> Path:
        return self.runtime.options.packages

    def put(
        self,
        tenant: Tenant,
        source: str,
        files: dict[str, str] | None = None,
        *,
        row: dict[str, Any] | None = None,
        **manifest: Any,
    ) -> str:
        """Store an installation of these sources, tell nobody but the generation; give its id."""
        package = write_package(self.packages, source, files, **manifest)
        return self.put_package(tenant, package, **(row or {}))

    def put_package(self, tenant: Tenant, package: Package, **row: Any) -> str:
        installation_id = new_id("inst")
        facts: dict[str, Any] = {
            "id": installation_id,
            "workspace_id": tenant.id,
            "extension_id": package.manifest.id,
            "version": package.manifest.version,
            "digest": package.digest,
            "manifest": dict(package.manifest.source),
            "granted": list(package.manifest.permissions),
            "settings": {},
            "built_in": True,
            **row,
        }
        with self.core.works.write(tenant.system()) as work:
            work.session.add(Installation(**facts, created_at=work.now, updated_at=work.now))
            self.core.generations.bump(work, RUNTIME)
        return installation_id

    def change(self, tenant: Tenant, installation_id: str, **facts: Any) -> None:
        """Change the row of an installation and bump the generation."""
        with self.core.works.write(tenant.system()) as work:
            row = work.get(Installation, installation_id)
            for name, value in facts.items():
                setattr(row, name, value)
            self.core.generations.bump(work, RUNTIME)

    def row(self, tenant: Tenant, installation_id: str) -> Installation:
        with self.core.works.read(tenant.system()) as work:
            return work.get(Installation, installation_id)

    def find(self, tenant: Tenant, extension_id: str = "sample") -> Installed:
        """Give a live installation."""
        found = self.runtime.convergence.find(tenant.id, extension_id)
        assert found is not None
        return found

    def seal(self, **secrets: str) -> str | None:
        return Vault(self.core.cipher).seal(secrets)


def make_stage(
    core: Core, kind: str = "web", threads: int = 8, seconds: float = 5.0, **parts: Any
) -> Stage:
    """Make a runtime beside others on the same core; it has no hosts unless `parts` say so.

    What is put on it counts as having come with the CRM.
    """
    metrics = CountedCalls()
    saved: list[tuple[str, str, dict[str, Any]]] = []

    def workspace(workspace_id: str) -> WorkspaceInfo:
        return WorkspaceInfo(id=workspace_id, name="North")

    def save(actor: Actor, extension_id: str, values: Any) -> None:
        saved.append((actor.kind, extension_id, dict(values)))

    runtime = ExtensionRuntime(
        RuntimeOptions(home=core.settings.home, kind=kind, threads=threads, seconds=seconds),
        RuntimeParts(
            works=core.works,
            generations=core.generations,
            cipher=core.cipher,
            metrics=metrics,
            http=core.http,
            workspace=workspace,
            **{"own": lambda _digest: True, **parts},
        ),
    )
    crm = build(core.works, runtime.hooks, lambda _work, _user: True)
    runtime.connect(crm.records, save)
    return Stage(core, runtime, crm, metrics, saved)


@pytest.fixture
def stage_of() -> Iterator[Callable[..., Stage]]:
    """Give a maker of stages; each is stopped in the end."""
    made: list[Stage] = []

    def make(core: Core, **options: Any) -> Stage:
        made.append(make_stage(core, **options))
        return made[-1]

    yield make
    for stage in made:
        stage.runtime.stop()


@pytest.fixture
def stage(core: Core, stage_of: Callable[..., Stage]) -> Stage:
    """Give a stage on `core`."""
    return stage_of(core)
