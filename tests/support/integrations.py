"""Integrations of every temper for tests, put on a stage with a connection each."""

from typing import Any

from geminicrm.connections.book import ConnectionBook, NewConnection
from tests.support.core import Tenant
from tests.support.sample_extensions import Stage

SOURCE = """
from extensions.integration_base import IntegrationBase, hookimpl
from extensions.sdk.connection import Account
from extensions.sdk.service_errors import (
    AuthenticationError, OutcomeUnknown, ServiceRefused, ServiceUnavailable,
)


class Sample(IntegrationBase):
    def test_connection(self):
        {body}
"""
WELL = "return Account(id=self.service, label=self.app.connection.name)"
SETTINGS = [
    {"id": "api_key", "type": "password", "label": "Key", "required": True},
    {"id": "signing", "type": "password", "label": "Signing secret"},
    {"id": "region", "type": "text", "label": "Region", "default": "eu"},
    {"id": "base_url", "type": "url", "label": "Address"},
]
BEARER = [{"type": "bearer", "settings": ["api_key"]}]


def put_integration(
    stage: Stage, tenant: Tenant, service: str = "sample", body: str = WELL, **manifest: Any
) -> str:
    """Put an integration on the stage; give the id of its installation."""
    facts = {
        "id": service,
        "name": service.title(),
        "settings": SETTINGS,
        "authentication": BEARER,
        "provides": ["connection"],
        "hooks": ["run_operation"],
        "network": [{"setting": "base_url", "reason": "The service."}],
        **manifest,
    }
    return stage.put(tenant, SOURCE.format(id=service, body=body), **facts)


def book_of(stage: Stage) -> ConnectionBook:
    """Give the service of connections."""
    return stage.core.connections.book


def connect_to(stage: Stage, tenant: Tenant, service: str = "sample", **new: Any) -> str:
    """Make a connection; give its id."""
    config = {"api_key": "key-of-the-sample", **new.pop("config", {})}
    with stage.core.works.write(tenant.owner()) as work:
        return book_of(stage).create(work, NewConnection(service=service, config=config, **new)).id
