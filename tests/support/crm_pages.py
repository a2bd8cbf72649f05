"""People who look at the pages of records: signed in, with their CSRF token."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from typing_extensions import override
from werkzeug.test import TestResponse

from geminicrm.app import Core
from geminicrm.crm.shared.commands import ChangeRefused, NoHooks
from geminicrm.identity.people import create_user
from geminicrm.kernel.work import Actor
from tests.support.core import PASSWORD, Tenant, sign_in


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser."""

    client: FlaskClient
    token: str

    def get(self, path: str, **headers: str) -> TestResponse:
        """Ask for a page; `HX_Target="results"` becomes the header `HX-Target`."""
        return self.client.get(path, headers=_named(headers))

    def page(self, path: str, status: int = 200, **headers: str) -> str:
        """Give the text of a page that has to be there."""
        return text_of(self.get(path, **headers), status)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data={"csrf_token": self.token, **fields})

    def ask(self, path: str, headers: dict[str, str], **fields: Any) -> TestResponse:
        """Send a form as a script does."""
        return self.client.post(path, data={"csrf_token": self.token, **fields}, headers=headers)


def text_of(answer: TestResponse, status: int = 200) -> str:
    """Give the page of an answer that has to have the status."""
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text
    return text


def said(text: str) -> str:
    """Give what a page says, without its markup and with single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def visitor(app: Flask, tenant: Tenant) -> Visitor:
    """Sign a tenant's owner in."""
    client = app.test_client()
    return Visitor(client, sign_in(client, tenant))


def reader(core: Core, app: Flask, tenant: Tenant) -> Visitor:
    """Sign somebody in who may only read."""
    email = f"reader@{tenant.email.partition('@')[2]}"
    with core.works.across_workspaces("make a reader for a test", write=True) as work:
        user = create_user(work, tenant.id, email, "read-only", PASSWORD)
    client = app.test_client()
    return Visitor(client, sign_in(client, Tenant(tenant.id, user.id, email, "")))


class Labels(NoHooks):
    """An extension that puts a badge on every record."""

    @override
    def badges(
        self, actor: Actor, record_type: str, records: Sequence[dict[str, Any]]
    ) -> dict[str, Sequence[dict[str, Any]]]:
        label = {"text": f"Hot {record_type}", "tone": "warning", "extension_id": "lead-scorer"}
        return {record["id"]: [label] for record in records}


class Refusal(NoHooks):
    """An extension that allows no change."""

    @override
    def wants(self, actor: Actor, record_type: str) -> bool:
        return True

    @override
    def before_save(
        self, actor: Actor, record_type: str, action: str, before: Any, draft: Any
    ) -> None:
        raise ChangeRefused("data-guard", "This looks like a duplicate.")


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
