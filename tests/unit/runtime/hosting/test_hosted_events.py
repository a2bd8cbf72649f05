"""Events that a host announces: through the wire as in process, and nothing else gets through."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from structlog.testing import capture_logs

from extensions.sdk.errors import Invalid, Unavailable
from extensions.sdk.events import EVENTS_AT_ONCE
from geminicrm.app import Core, create_app
from geminicrm.kernel.outbox import OutboxEvent
from geminicrm.runtime.consent import InstallRequest
from geminicrm.runtime.failures import ExtensionFailed
from geminicrm.runtime.host.messages import Back
from geminicrm.runtime.models import StoredDocument
from tests.support.announcing import SCORED, SILENT, feed, hand_out
from tests.support.core import Tenant
from tests.support.fake_hosts import HostSide, Played
from tests.support.life import HELLO, files, zipped

ANNOUNCES = '''"""Announces what it is sent, and keeps what it is told."""

from typing import Any

from flask import Blueprint, jsonify, request

from extensions.extension_base import ExtensionBase, hookimpl
from extensions.sdk.events import Event


class Announcer(ExtensionBase):
    """Announces and listens."""

    def install(self) -> None:
        self.app.events.emit("score_changed", {"score": 0, "why": "installed"})

    def uninstall(self) -> None:
        pass

    def get_routes(self) -> Blueprint:
        routes = Blueprint("hello", __name__)

        @routes.post("/events")
        def announce() -> Any:
            sent = request.get_json()
            return jsonify(self.app.events.emit("score_changed", sent, object_id="lead_1")), 201

        return routes

    @hookimpl
    def on_event(self, event: Event) -> None:
        self.app.storage.put(event.id, [event.type, event.data])
'''


def send(core: Core, tenant: Tenant, extension_id: str, **facts: Any) -> None:
    """Publish a package that is nobody's own and install it: it runs in a locked host."""
    package = zipped(files(ANNOUNCES, id=extension_id, permissions=[], storage_version=1, **facts))
    core.registry.publish(tenant.owner(), package)
    wish = InstallRequest(extension_id=extension_id, grant="requested", allow_unsigned=True)
    change = core.life_cycle.install(tenant.owner(), wish)
    assert change.installation["isolation"] == "sandboxed"


@pytest.fixture
def client(core: Core, tenant: Tenant, confining: None) -> FlaskClient:
    """Install two strangers, of whom one asks for what the other announces."""
    send(core, tenant, HELLO, event_types=[SCORED])
    send(core, tenant, "other", events=["hello_world.*"], event_types=[SCORED])
    return create_app(core=core).test_client()


def documents(core: Core, tenant: Tenant, extension_id: str) -> list[Any]:
    with core.works.read(tenant.system()) as work:
        query = select(StoredDocument.value).where(StoredDocument.extension_id == extension_id)
        return [json.loads(text) for text in work.session.scalars(query)]


def test_what_one_host_announces_another_is_told(core: Core, client: FlaskClient, tenant: Tenant):
    root = f"/api/extensions/{HELLO}/events"
    made = client.post(root, json={"score": 70}, headers=tenant.headers())
    wrong = client.post(root, json={"score": "x"}, headers=tenant.headers())
    hand_out(core, core.runtime.sink)

    assert made.status_code == 201, made.text
    assert wrong.status_code == 422
    assert [one["pointer"] for one in wrong.json["errors"]] == ["/data/score"]
    found = feed(client, tenant, types="hello_world.*")
    assert [one["data"]["score"] for one in found] == [0, 70]
    assert found[1]["id"] == made.json
    assert sorted(documents(core, tenant, "other"), key=str) == [
        ["hello_world.score_changed", {"score": 0, "why": "installed"}],
        ["hello_world.score_changed", {"score": 70}],
    ]
    assert documents(core, tenant, HELLO) == []


def put(played: Played, tenant: Tenant) -> None:
    facts = {"built_in": False, "hooks": []}
    played.stage.put(tenant, SILENT, row=facts, event_types=[SCORED])


def stored(played: Played, tenant: Tenant) -> list[Any]:
    with played.stage.core.works.read(tenant.system()) as work:
        return [row.data for row in work.session.scalars(select(OutboxEvent))]


def emit(host: HostSide, **given: Any) -> Any:
    return host.back(
        "events", "emit", **{"name": "score_changed", "data": {"score": 1}, "object_id": None,
                             **given}
    )  # fmt: skip


def test_a_host_announces_within_the_limits(played: Played, tenant: Tenant):
    refused: list[Exception] = []

    def play(host: HostSide) -> None:
        host.begin()
        emit(host)
        for given in ({"name": "lead.created"}, {"data": {"score": 1.5}}, {"object_id": "\n"}):
            with pytest.raises(Invalid):
                emit(host, **given)
        for _ in range(EVENTS_AT_ONCE - 4):
            emit(host)
        with pytest.raises(Unavailable) as caught:
            emit(host)
        refused.append(caught.value)
        host.answer()

    played.plays(play)
    put(played, tenant)
    played.request(tenant, "POST")
    assert stored(played, tenant) == [{"score": 1}] * (EVENTS_AT_ONCE - 3)
    assert [str(one)[:6] for one in refused] == ["Sample"]


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"nonsense",
        b'{"name": 3, "data": {}, "object_id": null}',
        b'{"name": "score_changed", "data": [], "object_id": null}',
        b'{"name": "score_changed", "data": {"score": 1}, "object_id": 3}',
        b'{"name": "score_changed", "data": {"score": 1}, "object_id": null, "workspace_id": "x"}',
        b'{"name": "score_changed", "data": ' + b'{"a":' * 100 + b"1" + b"}" * 101,
    ],
    ids=range(7),
)
def test_rubbish_ends_the_conversation(played: Played, tenant: Tenant, body: bytes):
    def play(host: HostSide) -> None:
        host.begin()
        host.send(Back(1, 1, "events", "emit"), body)

    played.plays(play)
    put(played, tenant)
    with capture_logs(), pytest.raises(ExtensionFailed) as caught:
        played.request(tenant)
    assert "wrong arguments for events.emit" in caught.value.reason
    assert stored(played, tenant) == []
