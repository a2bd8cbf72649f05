import io

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from geminicrm.app import Core
from geminicrm.identity.tokens import create_token
from marketplace.packages import MAX_PACKAGE_BYTES
from tests.support.core import Tenant, sign_in
from tests.unit.marketplace.conftest import Author

PATH = "/api/marketplace/extensions"


def upload(client: FlaskClient, tenant: Tenant, package: bytes, field: str = "package"):
    # The test client keeps large forms in files that it does not close.
    boundary, body = encode_multipart({field: FileStorage(io.BytesIO(package), "it.gcx")})
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(PATH, data=body, content_type=kind, headers=tenant.headers())


@pytest.fixture
def token_without_rights(core: Core, tenant: Tenant) -> dict[str, str]:
    with core.works.write(tenant.system()) as work:
        made = create_token(work, tenant.owner_id, "reader", ["read:leads"], days=None)
    return {"Authorization": f"Bearer {made.secret}"}


def test_a_package_is_published_and_found(client: FlaskClient, tenant: Tenant, author: Author):
    answer = upload(client, tenant, author.package(version="1.0.0", icon=None))
    body = answer.get_json()

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{PATH}/deal-insights"
    assert (body["id"], body["version"], body["code_url"]) == ("deal-insights", "1.0.0", None)
    assert [warning["code"] for warning in body["warnings"]] == ["missing_icon"]
    found = client.get(f"{PATH}/deal-insights", headers=tenant.headers()).get_json()
    assert found["latest_version"] == "1.0.0"
    assert found["latest"]["manifest"]["id"] == "deal-insights"
    assert found["latest"]["digest"] == body["digest"]


def test_the_same_bytes_again_are_fine(client: FlaskClient, tenant: Tenant, author: Author):
    upload(client, tenant, author.package())

    assert upload(client, tenant, author.package()).status_code == 200


def test_a_version_with_other_bytes_conflicts(client: FlaskClient, tenant: Tenant, author: Author):
    upload(client, tenant, author.package())

    answer = upload(client, tenant, author.package(description="Other."))

    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["code"] == "version_exists"


def test_every_error_of_a_package_is_told(client: FlaskClient, tenant: Tenant, author: Author):
    answer = upload(client, tenant, author.package(colour="red", license=None))

    assert answer.status_code == 422
    assert answer.get_json()["code"] == "package_refused"
    assert {"/colour", "/license"} <= {found["pointer"] for found in answer.get_json()["errors"]}


@pytest.mark.parametrize(("field", "content"), [("package", b"hello"), ("file", b"hello")])
def test_what_is_no_package_is_refused(
    client: FlaskClient, tenant: Tenant, field: str, content: bytes
):
    answer = upload(client, tenant, content, field)

    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"


def test_packages_may_be_larger_than_other_bodies_up_to_a_limit(
    client: FlaskClient, tenant: Tenant
):
    other = client.application.config["MAX_CONTENT_LENGTH"]

    assert upload(client, tenant, b"\0" * (2 * other)).status_code == 422
    answer = upload(client, tenant, b"\0" * (MAX_PACKAGE_BYTES + 100_000))
    assert answer.status_code == 413
    assert answer.get_json()["code"] == "too_large"


def test_a_package_just_over_the_limit_is_too_large(client: FlaskClient, tenant: Tenant):
    assert upload(client, tenant, b"\0" * (MAX_PACKAGE_BYTES + 1)).status_code == 413


def test_publishing_needs_its_permission(
    client: FlaskClient, token_without_rights: dict[str, str], author: Author
):
    answer = client.post(
        PATH,
        data={"package": (io.BytesIO(author.package()), "it.gcx")},
        headers=token_without_rights,
    )

    assert answer.status_code == 403
    assert answer.get_json()["code"] == "scope_missing"


def test_a_browser_needs_its_csrf_token(client: FlaskClient, tenant: Tenant, author: Author):
    token = sign_in(client, tenant)
    package = author.package()

    forged = client.post(PATH, data={"package": (io.BytesIO(package), "it.gcx")})
    honest = client.post(
        PATH, data={"package": (io.BytesIO(package), "it.gcx")}, headers={"X-CSRFToken": token}
    )

    assert (forged.status_code, honest.status_code) == (403, 201)


def test_reading_needs_no_permission_but_an_actor(
    client: FlaskClient, token_without_rights: dict[str, str]
):
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=token_without_rights).get_json() == {
        "data": [],
        "next_cursor": None,
        "total": 0,
    }


def test_search_pages_by_cursor(client: FlaskClient, tenant: Tenant, author: Author):
    for extension_id in ("lead-scorer", "mail-sync", "mail-merge"):
        upload(client, tenant, author.package(extension_id, categories=["chat"]))

    query = f"{PATH}?q=mail&category=chat&sort=name&limit=1"
    first = client.get(query, headers=tenant.headers()).get_json()
    second = client.get(
        f"{query}&cursor={first['next_cursor']}", headers=tenant.headers()
    ).get_json()

    assert [each["id"] for each in first["data"]] == ["mail-merge"]
    assert [each["id"] for each in second["data"]] == ["mail-sync"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("query", ["sort=price", "limit=0", "limit=x", "cursor=rubbish"])
def test_a_wrong_search_is_refused(client: FlaskClient, tenant: Tenant, query: str):
    answer = client.get(f"{PATH}?{query}", headers=tenant.headers())

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["pointer"] == f"/{query.partition('=')[0]}"


def test_versions_are_listed(client: FlaskClient, tenant: Tenant, author: Author):
    upload(client, tenant, author.package(version="1.0.0"))
    upload(client, tenant, author.package(version="1.1.0"))

    body = client.get(f"{PATH}/deal-insights/versions", headers=tenant.headers()).get_json()

    assert [each["version"] for each in body["data"]] == ["1.1.0", "1.0.0"]


@pytest.mark.parametrize("path", ["nothing", "nothing/versions"])
def test_the_unknown_is_not_found(client: FlaskClient, tenant: Tenant, path: str):
    answer = client.get(f"{PATH}/{path}", headers=tenant.headers())

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
