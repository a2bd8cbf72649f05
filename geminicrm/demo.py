"""The demo: a workspace, its owner, a company's records, a token; made once for a home."""

import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from geminicrm.app import Core
from geminicrm.crm.demo import load as load_records
from geminicrm.identity.actor import SystemActor
from geminicrm.identity.people import create_user, create_workspace, find_workspace
from geminicrm.identity.permissions import SCOPES
from geminicrm.identity.tokens import create_token

SLUG = "demo"
EMAIL = "owner@demo.example"
_PASSWORD_BYTES = 9


@dataclass(frozen=True)
class Demo:
    """What a newcomer needs; kept in `demo.json`, readable by the owner of the home only."""

    url: str
    email: str
    password: str
    api_token: str


def ensure(core: Core) -> Demo:
    """Give the demo's sign-in, making the demo first where the home has none."""
    path = core.settings.home / "demo.json"
    if path.exists():
        return Demo(**orjson.loads(path.read_bytes()))
    made = _make(core)
    _keep(path, made)
    return made


def _make(core: Core) -> Demo:
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    with core.works.across_workspaces("make the demo", write=True) as work:
        if find_workspace(work, SLUG) is not None:
            raise FileNotFoundError(
                "The workspace demo exists but demo.json does not: sign in with a user made by "
                "`geminicrm users create`, or start with an empty GEMINICRM_HOME."
            )
        workspace = create_workspace(work, SLUG, "Northwind Trading")
        work.session.flush()
        owner = create_user(work, workspace.id, EMAIL, "owner", password)
        owner.name = "Ada Moreno"
        workspace_id, owner_id = workspace.id, owner.id
    with core.works.write(SystemActor(workspace_id, label="Demo")) as work:
        load_records(work, owner_id)
        token = create_token(work, owner_id, "Demo", SCOPES, days=None)
    return Demo(core.settings.public_url, EMAIL, password, token.secret)


def _keep(path: Path, made: Demo) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(orjson.dumps(asdict(made), option=orjson.OPT_INDENT_2))
