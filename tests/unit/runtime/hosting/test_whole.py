"""The whole way: a stranger's package is published, installed, used; it runs in a locked host."""

import os
import sys
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs

from extensions.sdk.actions import ActionResult
from geminicrm.app import Core, create_app
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.models import StoredDocument
from geminicrm.runtime.problems import InstallFailed
from tests.support.core import Tenant
from tests.support.life import HELLO, files, zipped
from tests.support.working import Hands

ROOT = f"/api/extensions/{HELLO}"
CODE = '''"""Does a bit of everything."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, jsonify, request

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.actions import ActionResult
from extensions.sdk.blocks import Badge, Text
from extensions.sdk.errors import NotFound, Refused
from extensions.sdk.events import Event
from extensions.sdk.records import RecordChange


class Everything(ExtensionBase):
    """Does a bit of everything."""

    def install(self) -> Mapping[str, Any] | None:
        self.app.settings.save({"word": "installed"})
        self.app.storage.put("installed", True)
        return {"success": True, "message": "ready"}

    def uninstall(self) -> Mapping[str, Any] | None:
        return {"success": False, "message": f"{self.app.settings['word']} was here"}

    def get_routes(self) -> Blueprint:
        routes = Blueprint("hello", __name__)

        @routes.get("/who")
        def who() -> Any:
            return jsonify(
                pid=os.getpid(),
                user=self.app.actor.label,
                workspace=self.app.workspace.name,
                word=self.app.settings["word"],
                kept=self.app.storage.get("installed").value,
            )

        @routes.post("/leads")
        def make() -> Any:
            self.app.log.info("making a lead", how="by hand")
            return jsonify(self.app.leads.create(request.get_json())), 201

        @routes.get("/deals")
        def deals() -> Any:
            return jsonify(len(getattr(self.app, "deal" + "s").list().data))

        @routes.get("/missing")
        def missing() -> Any:
            raise NotFound("pet", "7")

        @routes.get("/broken")
        def broken() -> Any:
            raise ValueError("no luck")

        return routes

    def perform_action(
        self,
        action: str,
        values: Mapping[str, Any],
        record_type: str | None,
        record_id: str | None,
    ) -> ActionResult:
        return ActionResult(toast=f"{action} {values['x']} {record_type} {record_id}")

    @hookimpl
    def collect_panel(self, panel: str, record: Mapping[str, Any]) -> Any:
        return [Text(f"{panel}: {record['last_name']}")]

    @hookimpl
    def collect_badges(self, records: Sequence[Mapping[str, Any]]) -> Any:
        return {record["id"]: Badge("seen") for record in records}

    @hookimpl
    def before_record_save(self, change: RecordChange) -> None:
        if change.draft.get("last_name") == "Nobody":
            raise Refused("nobody is nobody", "last_name")

    @hookimpl
    def on_event(self, event: Event) -> None:
        self.app.storage.put(f"seen-{event.attempt}", [event.type, event.data["last_name"]])
'''
MANIFEST = {
    "permissions": ["read:leads", "write:leads"],
    "events": ["lead.created"],
    "settings": [{"id": "word", "type": "text", "label": "Word", "description": "A word."}],
    "ui": {"record_panels": [{"id": "p", "title": "P", "record": "lead"}]},
}


def loaded() -> list[str]:
    """Name the modules of extensions that are in this process."""
    return [name for name in sys.modules if name.startswith("extension_")]


@pytest.fixture
def _none_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide what other tests of this process have left."""
    for name in loaded():
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture
def client(core: Core, tenant: Tenant, confining: None, _none_loaded: None) -> FlaskClient:
    """Publish and install it; give a client of the application."""
    core.registry.publish(tenant.owner(), zipped(files(CODE, **MANIFEST)))
    change = core.life_cycle.install(tenant.owner(), wish())
    assert change.installation["isolation"] == "sandboxed"
    app: Flask = create_app(core=core)
    return app.test_client()


def wish(**changes: Any) -> InstallRequest:
    return InstallRequest(
        **{"extension_id": HELLO, "grant": "requested", "allow_unsigned": True, **changes}
    )


def test_routes(core: Core, client: FlaskClient, tenant: Tenant):
    who = client.get(f"{ROOT}/who", headers=tenant.headers())
    assert who.status_code == 200, who.text
    pid = who.json.pop("pid")
    assert pid != os.getpid()
    assert who.json == {
        "pid": pid,
        "user": "Owner (test)",
        "workspace": "North",
        "word": "installed",
        "kept": True,
    }
    made = client.post(f"{ROOT}/leads", json={"last_name": "King"}, headers=tenant.headers())
    assert (made.status_code, made.json["last_name"]) == (201, "King")
    assert core.crm.leads.get(tenant.owner(), made.json["id"])["last_name"] == "King"
    answers = [
        client.get(f"{ROOT}/{path}", headers=tenant.headers())
        for path in ("deals", "missing", "broken", "nothing")
    ]
    assert [one.status_code for one in answers] == [403, 404, 502, 404]
    assert answers[0].json["scope"] == "read:deals"
    assert "extension.py:" in answers[2].json["where"]
    assert "no luck" not in answers[2].text
    assert loaded() == []


def test_hooks_events_and_actions(core: Core, client: FlaskClient, tenant: Tenant):
    owner = tenant.owner()
    lead = core.crm.leads.create(owner, {"last_name": "King"})
    refused = client.post("/api/leads", json={"last_name": "Nobody"}, headers=tenant.headers())
    hooks = core.runtime.hooks

    assert (refused.status_code, refused.json["code"]) == (422, "change_refused")
    (panel,) = hooks.panels(owner, "lead", lead)
    assert panel.blocks == ({"type": "text", "text": "p: King", "tone": "neutral"},)
    badges = hooks.badges(owner, "lead", [lead])
    assert [one["text"] for one in badges[lead["id"]]] == ["seen"]
    action = hooks.perform_action(owner, HELLO, "go", {"x": "there"}, ("lead", lead["id"]))
    assert action == ActionResult(toast=f"go there lead {lead['id']}")
    hands = Hands(core, core.sinks())
    hands.work()
    hands.close()
    with core.works.read(owner) as work:
        kept = {row.key: row.value for row in work.session.scalars(select(StoredDocument))}
    assert kept == {"installed": "true", "seen-1": '["lead.created","King"]'}


def test_uninstall(core: Core, client: FlaskClient, tenant: Tenant):
    client.get(f"{ROOT}/who", headers=tenant.headers())
    removed = core.life_cycle.uninstall(tenant.owner(), HELLO)

    assert removed.warning == "installed was here"
    assert client.get(f"{ROOT}/who", headers=tenant.headers()).status_code == 404


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (
            CODE.replace("import os\n", "import os\n\n1 / 0\n"),
            ("load", "extension.py:5 in <module>", "import: ZeroDivisionError: division by zero"),
        ),
        (CODE.replace('"success": True', '"success": False'), ("mount", "", "ready")),
        (
            CODE.replace("True)", "open('/etc/passwd'))"),
            ("mount", "extension.py:22 in install", "PermissionError: [Errno 13] "),
        ),
    ],
)
def test_one_that_cannot_be_installed(
    core: Core, tenant: Tenant, confining: None, code: str, failure: tuple[str, str, str]
):
    core.registry.publish(tenant.owner(), zipped(files(code, **MANIFEST)))
    with capture_logs(), pytest.raises(InstallFailed) as caught:
        core.life_cycle.install(tenant.owner(), wish())

    error, (step, place, reason) = caught.value, failure
    assert (error.step, error.place) == (step, place)
    assert error.reason.startswith(reason)
    assert core.life_cycle.list(tenant.owner()) == []


def test_a_trusted_one_runs_in_a_plain_process(core: Core, client: FlaskClient, tenant: Tenant):
    locked = client.get(f"{ROOT}/who", headers=tenant.headers()).json["pid"]
    change = core.life_cycle.trust(tenant.owner(), HELLO, HELLO)
    plain = client.get(f"{ROOT}/who", headers=tenant.headers()).json["pid"]

    assert change.installation["isolation"] == "unsandboxed"
    assert plain not in {locked, os.getpid()}
    change = core.life_cycle.distrust(tenant.owner(), HELLO)
    assert change.installation["isolation"] == "sandboxed"
    assert client.get(f"{ROOT}/who", headers=tenant.headers()).status_code == 200
