"""What this registry gives to others: only what may be had, signed, to whom it is meant for."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from geminicrm.app import Core, create_app
from geminicrm.registry_app import RegistryCore, build_registry_core, create_registry_app
from marketplace.models import RegistryVersion
from marketplace.publishers.schemas import Profile
from marketplace.registries.client import RegistryClient
from marketplace.registries.in_process import LocalTransport
from marketplace.registries.offering import Visitor
from marketplace.registries.proving import Known
from marketplace.signing.pins import accept
from tests.support.core import Tenant, make_settings, make_tenant, sign_in
from tests.support.life import HELLO, files, zipped

V1 = "/api/registry/v1"
Open = Callable[..., FlaskClient]


def publish(core: Core, *versions: str) -> Tenant:
    """Publish versions in public."""
    tenant = make_tenant(core, "north")
    core.marketplace.publishers.sign_up(
        tenant.owner(), Profile(slug="ada", name="Ada", kind="person")
    )
    for version in versions:
        core.registry.publish(tenant.owner(), zipped(files(version=version)))
    return tenant


def put_into(core: Core, version: str, state: str) -> None:
    with core.works.across_workspaces("change a state for a test", write=True) as work:
        which = update(RegistryVersion).where(RegistryVersion.version == version)
        work.session.execute(which.values(state=state))


@pytest.fixture
def opened(core: Core) -> Iterator[Callable[..., FlaskClient]]:
    """Give a maker of browsers at the registry in the same home; nobody is signed in."""
    made: list[RegistryCore] = []

    def make(**changes: str) -> FlaskClient:
        key = core.settings.encryption_keys[0]
        settings = make_settings(
            core.settings.home, **{"GEMINICRM_ENCRYPTION_KEYS": key, **changes}
        )
        made.append(build_registry_core(settings, core.works.clock))
        return create_registry_app(made[-1]).test_client()

    yield make
    for each in made:
        each.close()


def client_of(core: Core) -> RegistryClient:
    market = core.marketplace
    known = Known("embedded", "own", market.keys.pinned())
    return RegistryClient(known, LocalTransport(market.offering, Visitor()))


def get(client: FlaskClient, path: str, status: int = 200, **headers: str) -> Any:
    answer = client.get(f"{V1}{path}", headers=headers)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer


def test_everything_that_is_given_is_signed_as_pinned(both_cores: Core, tmp_path: Path):
    publish(both_cores, "1.0.0", "1.1.0")
    client = client_of(both_cores)
    accept(both_cores.marketplace.keys.pinned(), client.keys())
    assert client.notices().members()["type"] == "notices"
    (counted,) = client.search({"sort": "name"}).found
    assert counted.version.ref.version == "1.1.0"
    assert client.extension(HELLO).version.has_icon
    versions = client.versions(HELLO)
    assert sorted(each.ref.version for each in versions) == ["1.0.0", "1.1.0"]
    assert client.texts(HELLO, "1.0.0").readme == "# Hello\n"
    assert client.icon(HELLO, "1.0.0").startswith(b"<svg")
    content = client.package(versions[0].ref, tmp_path)
    assert hashlib.sha256(content).hexdigest() == versions[0].ref.hex_digest


def test_an_open_registry_is_read_by_anybody(core: Core, opened: Open):
    publish(core, "1.0.0")
    visitor = opened()
    assert get(visitor, "").json == {"protocol": 1, "private": False}
    answer = get(visitor, f"/extensions/{HELLO}")
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert get(visitor, f"/extensions/{HELLO}", 304, If_None_Match=answer.headers["ETag"])
    for path in ("/extensions/nobody", "/extensions/nobody/versions", "/documents"):
        get(visitor, path, 404)
    get(visitor, f"/extensions/{HELLO}/versions/9.9.9/texts", 404)
    get(visitor, f"/packages/{'0' * 64}", 404)
    icon = get(visitor, f"/extensions/{HELLO}/versions/1.0.0/icon")
    assert "sandbox" in icon.headers["Content-Security-Policy"]


def test_a_package_is_had_in_parts(core: Core, opened: Open):
    publish(core, "1.0.0")
    visitor = opened()
    (entry,) = get(visitor, f"/extensions/{HELLO}/versions").json["data"]
    digest = json.loads(entry["record"])["digest"].removeprefix("sha256:")
    whole = get(visitor, f"/packages/{digest}")
    assert whole.headers["Cache-Control"] == "public, max-age=31536000"
    part = get(visitor, f"/packages/{digest}", 206, Range="bytes=100-")
    assert part.data == whole.data[100:]
    assert part.headers["Content-Range"] == f"bytes 100-{len(whole.data) - 1}/{len(whole.data)}"
    get(visitor, f"/packages/{digest}", 416, Range=f"bytes={len(whole.data)}-")


def test_a_private_registry_wants_a_token(core: Core, opened: Open):
    tenant = publish(core, "1.0.0")
    visitor = opened(GEMINICRM_REGISTRY_PRIVATE="yes")
    for path in ("", "/keys", "/notices", "/extensions", f"/extensions/{HELLO}"):
        get(visitor, path, 401)
    answer = get(visitor, f"/extensions/{HELLO}", **tenant.headers())
    assert answer.headers["Cache-Control"] == "private, max-age=60"


def test_the_registry_of_a_crm_wants_one_too(core: Core):
    tenant = publish(core, "1.0.0")
    client = create_app(core=core).test_client()
    get(client, "/extensions", 401)
    assert get(client, "/extensions", **tenant.headers()).json["total"] == 1


@pytest.mark.parametrize("state", ["pending", "rejected", "quarantined"])
def test_what_is_not_listed_is_not_there(core: Core, opened: Open, state: str):
    publish(core, "1.0.0", "1.1.0")
    visitor = opened()
    digest = hashlib.sha256(zipped(files(version="1.1.0"))).hexdigest()
    put_into(core, "1.1.0", state)
    entries = get(visitor, f"/extensions/{HELLO}/versions").json["data"]
    assert [json.loads(one["record"])["version"] for one in entries] == ["1.0.0"]
    get(visitor, f"/extensions/{HELLO}/versions/1.1.0/texts", 404)
    get(visitor, f"/packages/{digest}", 404)


def test_a_yanked_version_is_had_by_name(core: Core, opened: Open):
    publish(core, "1.0.0", "1.1.0")
    visitor = opened()
    put_into(core, "1.1.0", "yanked")
    entries = get(visitor, f"/extensions/{HELLO}/versions").json["data"]
    assert sorted(one["state"] for one in entries) == ["listed", "yanked"]


def test_what_a_workspace_keeps_to_itself_is_nobodys_business(core: Core, opened: Open):
    tenant = make_tenant(core, "north")
    package = zipped(files())
    core.registry.publish(tenant.owner(), package)
    visitor = opened()
    assert get(visitor, "/extensions").json["data"] == []
    for path in (
        f"/extensions/{HELLO}",
        f"/extensions/{HELLO}/versions",
        f"/packages/{hashlib.sha256(package).hexdigest()}",
    ):
        get(visitor, path, 404)
        get(visitor, path, **tenant.headers())


def test_no_crm_is_in_a_registry(core: Core, opened: Open):
    tenant = publish(core, "1.0.0")
    visitor = opened()
    for path in ("/api/leads", "/api/installations", "/leads", "/installed", "/apps/x/y"):
        assert visitor.get(path, headers=tenant.headers()).status_code == 404
    assert visitor.get("/readyz").status_code == 200
    sign_in(visitor, tenant)
    assert visitor.get("/").headers["Location"] == "/marketplace"
    page = visitor.get("/marketplace").get_data(as_text=True)
    assert "Hello World" in page
