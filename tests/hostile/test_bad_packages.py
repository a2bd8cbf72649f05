"""Bad packages at both doors: refused with their code, and nothing of them stays anywhere."""

import tempfile

import pytest
from sqlalchemy import func, select

from geminicrm.runtime.models import Installation
from marketplace.models import PackageBlob, RegistryExtension, RegistryVersion
from tests.support.hostile_packages import HOSTILE
from tests.support.life import files, zipped

TABLES = (RegistryExtension, RegistryVersion, PackageBlob, Installation)
# Each is refused long before or right where the others are; all of them go through the first door.
AT_THE_COMMAND = ("empty", "bombs that are small each", "rising path", "link", "sizes that differ")


@pytest.fixture
def temp(tmp_path, monkeypatch):
    place = tmp_path / "temp"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def left_of(core, temp):
    """Give everything that could be left: rows, blobs, unpacked packages, temporary files."""
    with core.works.across_workspaces("look what is left") as work:
        counts = [work.session.scalar(select(func.count()).select_from(one)) for one in TABLES]
    folders = [core.settings.home / name for name in ("registry", "packages")]
    found = [path for folder in (*folders, temp) for path in folder.rglob("*")]
    return sum(counts), found


def send(client, tenant, content):
    # Put together here: the test client would leave the file of a large form open.
    head = 'Content-Disposition: form-data; name="package"; filename="bad.gcx"'
    body = f"--limit\r\n{head}\r\n\r\n".encode() + content + b"\r\n--limit--\r\n"
    kind = "multipart/form-data; boundary=limit"
    return client.post(
        "/api/marketplace/extensions", data=body, content_type=kind, headers=tenant.headers()
    )


def test_every_bad_package_is_refused_by_the_registry(client, core, tenant, temp):
    answers = {name: send(client, tenant, make()) for name, (make, _) in HOSTILE.items()}

    told = {name: answer.get_json()["errors"][0]["code"] for name, answer in answers.items()}
    assert told == {name: code for name, (_, code) in HOSTILE.items()}
    assert {answer.status_code for answer in answers.values()} == {422}
    assert left_of(core, temp) == (0, [])


def test_a_version_that_exists_keeps_its_bytes(client, core, tenant):
    first, other = zipped(files()), zipped(files(description="Something else."))

    assert send(client, tenant, first).status_code == 201
    assert send(client, tenant, first).status_code == 200
    refused = send(client, tenant, other)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "version_exists")
    assert len(list((core.settings.home / "registry").rglob("*.gcx"))) == 1


@pytest.mark.parametrize("name", AT_THE_COMMAND)
def test_bad_packages_are_refused_by_the_command(name, terminal, core, temp, tmp_path):
    make, code = HOSTILE[name]
    (tmp_path / "bad.gcx").write_bytes(make())

    done = terminal("ext", "install", str(tmp_path / "bad.gcx"), "--yes", "--unsigned")

    assert done.code == 1
    assert "bad.gcx was not installed, its package was refused" in done.err
    assert code
    assert left_of(core, temp) == (0, [])
