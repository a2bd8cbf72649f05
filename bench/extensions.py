"""Extensions that the bench writes, publishes and installs by the public API."""

import base64
import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.services import Service
from geminicrm.app import build_core
from geminicrm.config import Settings
from geminicrm.identity.actor import SystemActor
from geminicrm.identity.people import list_workspaces
from geminicrm.kernel import logs
from geminicrm.runtime.consent import InstallRequest
from marketplace.packages import pack

HELLO = {"hello": "world", "numbers": list(range(20))}
_ICON = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
)
_HEAD = '''"""An extension of the bench."""

from collections.abc import Mapping, Sequence
from typing import Any
import time

from flask import Blueprint, jsonify

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.blocks import Badge
from extensions.sdk.errors import Refused
from extensions.sdk.events import Event
from extensions.sdk.records import Record, RecordChange


class BenchExtension(ExtensionBase):
    def install(self) -> Mapping[str, Any] | None:
        return None

    def uninstall(self) -> Mapping[str, Any] | None:
        return None

    def get_routes(self) -> Blueprint:
        routes = Blueprint("ID", __name__, url_prefix="/api/extensions/ID")

        @routes.get("/hello")
        def hello() -> Any:
            return jsonify(HELLO)

        @routes.get("/version")
        def version() -> Any:
            return jsonify(version=VERSION)

        @routes.get("/lead/<lead_id>")
        def lead(lead_id: str) -> Any:
            return jsonify(id=self.app.leads.get(lead_id)["id"])

        @routes.get("/slow")
        def slow() -> Any:
            time.sleep(0.05)
            return jsonify(HELLO)

        return routes
'''
_HOOKS = """
    @hookimpl
    def before_record_save(self, change: RecordChange) -> None:
        if change.draft.get("email") == "nobody@example.com":
            raise Refused("nobody is nobody", "email")

    @hookimpl
    def collect_badges(self, record_type: str, records: Sequence[Record]) -> Any:
        return {record["id"]: Badge("bench") for record in records}
"""
_LISTENS = """
    @hookimpl
    def on_event(self, event: Event) -> None:
        return None
"""
_TELLS = """
    @hookimpl
    def on_event(self, event: Event) -> None:
        began = float(event.data["company"])
        self.app.log.info("begun", ms=(time.time() - began) * 1000)
"""
_RECEIVES = """

from extensions.integration_base import IntegrationBase
from extensions.sdk.connection import Account
from extensions.sdk.webhooks import Handled


class BenchIntegration(IntegrationBase):
    service = "ID"

    def test_connection(self) -> Account:
        return Account(id="bench", label="Bench")

    def handle_webhook(self, event: Any) -> Handled:
        return Handled()
"""
PLAIN, HOOKED, LISTENING, TELLING = "plain", "hooked", "listening", "telling"
RECEIVING = "receiving"
_METHODS = {PLAIN: "", HOOKED: _HOOKS, LISTENING: _LISTENS, TELLING: _TELLS}
"""By kind: one with routes alone, with hooks for records, that takes events, that tells when."""
SECRET = "whsec_of_the_bench"  # noqa: S105 - of a server that lives for seconds
_INTEGRATION: Mapping[str, Any] = {
    "settings": [{"id": "signing", "type": "password", "label": "Signing secret"}],
    "authentication": [{"type": "bearer", "settings": ["signing"]}],
    "inbound_webhooks": [{"id": "events", "scheme": "stripe", "secrets": ["signing"]}],
    "hooks": ["run_operation"],
}


def add(
    service: Service, home: Path, name: str, *, kind: str = PLAIN, hosted: bool = False
) -> None:
    """Write, publish and install one extension; it is live when this returns.

    It runs in process, as one that came with the CRM, or `hosted`, as anybody else's.
    """
    package = write(home, name, kind=kind).read_bytes()
    if not hosted:
        _install_own(service, name, package)
        return
    _publish(service, f"{name}.zip", package)
    wish = {"extension_id": name, "grant": "requested", "allow_unsigned": True}
    service.call("POST", "/api/installations", wish)


def publish(service: Service, home: Path, name: str, version: str = "1.0.0") -> None:
    """Write one version and publish it, as anybody's; nothing is installed."""
    _publish(service, f"{name}.zip", write(home, name, version=version).read_bytes())


def write(home: Path, name: str, *, kind: str = PLAIN, version: str = "1.0.0") -> Path:
    """Write one extension; give its package."""
    if kind == RECEIVING:  # an integration of its own, without the routes
        source = (_HEAD.partition("\n\nclass ")[0] + _RECEIVES).replace("ID", name)
    else:
        source = _HEAD.replace("HELLO", repr(HELLO)).replace("ID", name) + _METHODS[kind]
    source = source.replace("VERSION", repr(version))
    folder = home / "written" / f"{name}-{version}"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(
        json.dumps(_manifest(name, version, kind)), encoding="utf-8"
    )
    (folder / "extension.py").write_text(source, encoding="utf-8")
    (folder / "icon.png").write_bytes(_ICON)
    return pack(folder, home).path


def _install_own(service: Service, name: str, package: bytes) -> None:
    """Install it as one that comes with the CRM, which runs in process.

    Only the process that has offered such a package may install it.
    """
    settings = Settings.from_env(service.environ)
    logs.configure(settings.log_level, json=False)
    core = build_core(settings)
    try:
        core.registry.offer(package)
        with core.works.across_workspaces("bench: the workspace") as work:
            (workspace,) = list_workspaces(work)
        wish = InstallRequest(extension_id=name, grant="requested", allow_unsigned=True)
        core.life_cycle.install(SystemActor(workspace.id), wish)
    finally:
        core.close()


def _manifest(name: str, version: str, kind: str) -> Mapping[str, Any]:
    return {
        "id": name,
        "name": name.title(),
        "version": version,
        "description": "Takes part in a measurement.",
        "author": "GeminiCRM Pro authors",
        "license": "MIT",
        "permissions": ["read:leads"],
        "events": ["lead.created"] if kind in {LISTENING, TELLING} else [],
        "entry_point": "extension.py",
        "icon": "icon.png",
        "settings": [],
        **(_INTEGRATION if kind == RECEIVING else {}),
    }


def _publish(service: Service, filename: str, package: bytes) -> None:
    boundary = uuid.uuid4().hex
    head = (
        f"--{boundary}\r\n"
        f'Content-Disposition: form-data; name="package"; filename="{filename}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + package + f"\r\n--{boundary}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    service.send("POST", "/api/marketplace/extensions", body, kind)
