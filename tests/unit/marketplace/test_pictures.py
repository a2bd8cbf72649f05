import struct
import zlib

import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core
from marketplace.histories import history
from marketplace.listings import Release
from marketplace.service import Registry
from tests.support.core import START, Tenant, make_tenant, sign_in
from tests.unit.marketplace.conftest import Author, sign_up, text


def png(width: int, height: int) -> bytes:
    """Give a picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    start = b"\x89PNG\r\n\x1a\n"
    return start + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.fixture
def shown(core: Core, registry: Registry, author: Author, tenant: Tenant) -> None:
    sign_up(core, tenant)
    shots = [{"path": f"static/{n}.png", "caption": f"Picture {n}"} for n in range(2)]
    folder = author.write("mail-sync", screenshots=shots)
    for number, shot in enumerate(shots):
        (folder / shot["path"]).write_bytes(png(20 + number, 10))
    registry.publish(tenant.owner(), author.package("mail-sync"))


@pytest.mark.usefixtures("shown")
def test_screenshots_are_kept_and_served(client: FlaskClient, core: Core, tenant: Tenant):
    shots = core.marketplace.pictures.of(tenant.owner(), "mail-sync", "0.1.0")
    assert [(one.caption, one.width, one.height) for one in shots] == [
        ("Picture 0", 20, 10),
        ("Picture 1", 21, 10),
    ]
    sign_in(client, tenant)
    answer = client.get(f"/marketplace/mail-sync/pictures/{shots[0].id}")
    assert answer.data == png(20, 10)
    assert answer.mimetype == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert "immutable" in answer.headers["Cache-Control"]
    assert 'alt="Picture 1"' in text(client, "/marketplace/mail-sync")


@pytest.mark.usefixtures("shown")
def test_pictures_belong_to_their_extension(client: FlaskClient, tenant: Tenant):
    sign_in(client, tenant)
    assert client.get("/marketplace/mail-sync/pictures/pic_unknown").status_code == 404
    assert client.get("/marketplace/unknown/pictures/pic_unknown").status_code == 404


def test_pictures_of_a_private_extension_are_private(
    core: Core, registry: Registry, author: Author, tenant: Tenant, client: FlaskClient
):
    folder = author.write("mail-sync", screenshots=[{"path": "static/a.png", "caption": "A"}])
    (folder / "static/a.png").write_bytes(png(9, 9))
    registry.publish(tenant.owner(), author.package("mail-sync"))
    (shot,) = core.marketplace.pictures.of(tenant.owner(), "mail-sync", "0.1.0")
    south = make_tenant(core, "south")

    path = f"/marketplace/mail-sync/pictures/{shot.id}"
    assert client.get(path, headers=south.headers()).status_code == 404
    assert client.get(path, headers=tenant.headers()).status_code == 200


def release(version: str, **members: object) -> Release:
    manifest = {
        "id": "x", "name": "X", "version": version, "description": "", "author": "", "license": "",
        "entry_point": "extension.py", **members,
    }  # fmt: skip
    return Release(
        extension_id="x",
        version=version,
        digest="",
        size=1,
        manifest=manifest,
        code_url=None,
        published_at=START,
        published_by="",
    )


def test_versions_are_compared_with_the_one_before():
    last, middle, first = history(
        [
            release("3.0.0", permissions=["write:deals"]),
            release("2.0.0", permissions=["read:leads", "write:deals"]),
            release("1.0.0", permissions=["read:leads"]),
        ]
    )
    assert [one.name for one in last.removed] == ["read:leads"]
    assert [one.name for one in middle.added] == ["write:deals"]
    assert (first.first, first.added, middle.first) == (True, (), False)
    assert history([]) == []
