import io

from flask.testing import FlaskClient

from tests.support.core import Tenant, sign_in
from tests.unit.marketplace.conftest import Author, text


def publish(client: FlaskClient, tenant: Tenant, package: bytes, name: str = "it.gcx"):
    token = sign_in(client, tenant)
    return client.post(
        "/marketplace/publish",
        data={"csrf_token": token, "package": (io.BytesIO(package), name)},
    )


def test_a_package_is_published_by_a_form(client: FlaskClient, tenant: Tenant, author: Author):
    answer = publish(client, tenant, author.package(name="Deal Insights", version="1.0.0"))

    assert (answer.status_code, answer.headers["Location"]) == (303, "/marketplace/deal-insights")
    assert "Deal Insights 1.0.0 is published." in text(client, "/marketplace/deal-insights")


def test_the_same_package_again_is_said(client: FlaskClient, tenant: Tenant, author: Author):
    publish(client, tenant, author.package(name="Deal Insights", version="1.0.0"))
    publish(client, tenant, author.package())

    assert "Deal Insights 1.0.0 was published before." in text(client, "/marketplace")


def test_warnings_are_shown(client: FlaskClient, tenant: Tenant, author: Author):
    answer = publish(client, tenant, author.package(name="Deal Insights", icon=None))
    page = answer.get_data(as_text=True)

    assert answer.status_code == 200
    assert "Deal Insights 0.1.0 is published." in page
    assert "/icon: An icon is missing" in page


def test_every_finding_is_shown(client: FlaskClient, tenant: Tenant, author: Author):
    answer = publish(client, tenant, author.package(colour="red", license=None))
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert "/colour: " in page
    assert "/license: " in page


def test_a_clash_is_explained(client: FlaskClient, tenant: Tenant, author: Author):
    publish(client, tenant, author.package())
    answer = publish(client, tenant, author.package(description="Other."))

    assert answer.status_code == 409
    assert "Raise the version in manifest.json" in answer.get_data(as_text=True)


def test_a_form_without_file_is_refused(client: FlaskClient, tenant: Tenant):
    assert publish(client, tenant, b"", name="").status_code == 422


def test_publishing_is_not_for_members(member: FlaskClient):
    assert member.get("/marketplace/publish").status_code == 403


def test_the_form_says_what_to_send(owner: FlaskClient):
    assert 'accept=".gcx,.zip"' in text(owner, "/marketplace/publish")
