"""A core of its own for a test: an empty home, tables, a workspace with an owner."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import inspect

from geminicrm.app import Core, build_core, create_app
from geminicrm.config import Settings
from geminicrm.identity.actor import PersonActor, SystemActor
from geminicrm.identity.people import create_user, create_workspace
from geminicrm.identity.permissions import ROLES
from geminicrm.identity.tokens import create_token
from geminicrm.kernel.clock import FixedClock
from geminicrm.kernel.db import Base
from tests.support.databases import make_tables

PASSWORD = "correct horse battery"
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Tenant:
    """A workspace, its owner, and a full token of that owner."""

    id: str
    owner_id: str
    email: str
    token: str

    def system(self) -> SystemActor:
        """Give the actor that may do everything here."""
        return SystemActor(self.id)

    def owner(self, *scopes: str) -> PersonActor:
        """Give the owner as an actor, with all scopes or just those named."""
        held = frozenset(scopes) if scopes else ROLES["owner"]
        return PersonActor("user", self.owner_id, "Olga Owner", self.id, held, self.owner_id)

    def headers(self) -> dict[str, str]:
        """Give what a program sends."""
        return {"Authorization": f"Bearer {self.token}"}


def make_settings(home: Path, **changes: str) -> Settings:
    """Give settings for a test: environment test, a key, a home."""
    return Settings.from_env(
        {
            "GEMINICRM_ENV": "test",
            "GEMINICRM_HOME": str(home),
            "GEMINICRM_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            **changes,
        }
    )


def make_tenant(core: Core, slug: str) -> Tenant:
    """Make a workspace with an owner and a token."""
    email = f"owner@{slug}.example"
    with core.works.across_workspaces("make a tenant for a test", write=True) as work:
        workspace = create_workspace(work, slug, slug.title())
        work.session.flush()
        user = create_user(work, workspace.id, email, "owner", PASSWORD)
    with core.works.write(SystemActor(workspace.id)) as work:
        token = create_token(work, user.id, "test", ROLES["owner"], days=None)
    return Tenant(workspace.id, user.id, email, token.secret)


@pytest.fixture
def clock() -> FixedClock:
    """Give a clock that stands still."""
    return FixedClock(START)


@pytest.fixture(scope="session")
def empty_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a SQLite file with all tables and no row, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "empty.db"
    make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture
def make_core(
    tmp_path: Path, clock: FixedClock, empty_tables: Path
) -> Iterator[Callable[..., Core]]:
    """Give a maker of cores; `make_core(GEMINICRM_DATABASE_URL=...)` changes settings."""
    made: list[Core] = []

    def make(**changes: str) -> Core:
        settings = make_settings(tmp_path / "home", **changes)
        copied = _copied(empty_tables, settings.database_url)
        core = build_core(settings, clock=clock)
        if not copied and not inspect(core.database.engine).get_table_names():
            Base.metadata.create_all(core.database.engine)
        made.append(core)
        return core

    yield make
    for core in made:
        core.close()


def _copied(tables: Path, url: str) -> bool:
    """Put a copy of the tables where a new SQLite database is to be; tell whether it was one."""
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copy(tables, path)
    return True


@pytest.fixture
def core(make_core: Callable[..., Core]) -> Core:
    """Give a core on SQLite."""
    return make_core()


@pytest.fixture
def both_cores(full_database_url: str, make_core: Callable[..., Core]) -> Core:
    """Give a core, once on each engine."""
    return make_core(GEMINICRM_DATABASE_URL=full_database_url)


@pytest.fixture
def tenant(core: Core) -> Tenant:
    """Give a workspace of `core`."""
    return make_tenant(core, "north")


@pytest.fixture
def app(core: Core) -> Flask:
    """Give the web application on `core`."""
    return create_app(core=core)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Give a browser without cookies yet."""
    return app.test_client()


def sign_in(client: FlaskClient, tenant: Tenant) -> str:
    """Sign the tenant's owner in; give the CSRF token for the next forms."""
    token = csrf(client, "/sign-in")
    answer = client.post(
        "/sign-in", data={"email": tenant.email, "password": PASSWORD, "csrf_token": token}
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return csrf(client, "/account")


def csrf(client: FlaskClient, path: str) -> str:
    """Read the CSRF token that a page hands out."""
    page = client.get(path).get_data(as_text=True)
    return page.partition('name="csrf-token" content="')[2].partition('"')[0]
