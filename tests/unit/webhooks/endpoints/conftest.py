"""A workspace whose webhooks a test works with; addresses are numbers, so no name is looked up."""

from datetime import timedelta
from itertools import count

import orjson
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select

from geminicrm.app import create_app
from geminicrm.kernel.audit import AuditEntry
from geminicrm.webhooks.outgoing.models import (
    DELIVERED,
    FAILED,
    MISSED,
    QUEUED,
    Delivery,
    Message,
)
from geminicrm.webhooks.outgoing.wishes import NewEndpoint
from tests.support.core import make_tenant

FINISHED = (DELIVERED, FAILED, MISSED)
ADDRESS = "https://93.184.216.34/in"


@pytest.fixture
def room(core):
    """Give the services."""
    return core.outgoing


@pytest.fixture
def north(core):
    return make_tenant(core, "north")


@pytest.fixture
def rest(core, north):
    """Give a program of the workspace that calls below /api; `as_` gives it another token."""
    client = create_app(core=core).test_client()

    def call(method, path, as_=north, **more):
        headers = {**as_.headers(), **more.pop("headers", {})}
        return client.open(f"/api{path}", method=method, headers=headers, **more)

    return call


@pytest.fixture
def make(room, north):
    """Give a maker of endpoints."""

    def make(url=ADDRESS, events=("lead.*",), **more):
        return room.endpoints.create(north.owner(), NewEndpoint(url=url, events=events, **more))

    return make


@pytest.fixture
def audited(core, north):
    """Give what the audit log says of webhooks, the first first: action, subject, changes."""

    def audited():
        with core.works.read(north.system()) as work:
            rows = work.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(row.action, row.subject, row.changes) for row in rows if "webhook" in row.action]

    return audited


@pytest.fixture
def assert_fits():
    """Give a check that a value fits a JSON Schema of 2020-12."""

    def assert_fits(schema, value):
        Draft202012Validator.check_schema(schema)
        Draft202012Validator(schema).validate(value)

    return assert_fits


@pytest.fixture
def deliver(core, north):
    """Give a maker of deliveries as the engine writes them; gives their ids."""
    data = {"id": "lead_1", "name": "Zoë ☃"}
    numbers = count(1)

    def deliver(endpoint_id, *, age=timedelta(), **columns):
        number = next(numbers)
        with core.works.write(north.system()) as work:
            at = work.now - age
            given = {"type": "lead.created", "object_id": "lead_1", "state": QUEUED, **columns}
            body = {"id": f"evt_{number}", "type": given["type"], "data": data}
            message = Message(
                id=f"whm_{number}",
                event_id=f"evt_{number}",
                type=given["type"],
                object_id=given["object_id"],
                body=orjson.dumps(body),
                created_at=at,
            )
            work.session.add(message)
            work.session.flush()
            delivery = Delivery(
                id=f"whd_{number:03}",
                endpoint_id=endpoint_id,
                message_id=message.id,
                event_id=message.event_id,
                due_at=at,
                created_at=at,
                finished_at=at if given["state"] in FINISHED else None,
                **given,
            )
            work.session.add(delivery)
            return delivery.id

    return deliver
