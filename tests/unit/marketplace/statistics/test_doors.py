"""Statistics by REST and as pages: for the publisher, in both themes' markup, and nobody else."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core, create_app
from geminicrm.runtime.failure_book import Failure
from tests.support.core import Tenant, make_tenant, sign_in
from tests.unit.marketplace.conftest import Author

ID = "deal-insights"
ROOT = f"/api/marketplace/extensions/{ID}"
PAGE = f"/developer/extensions/{ID}"


@pytest.fixture
def published(core: Core, tenant: Tenant, author: Author) -> Tenant:
    """Give a workspace that has published an extension, for itself."""
    core.registry.publish(tenant.owner(), author.package(ID, version="1.0.0"))
    return tenant


@pytest.fixture
def client(core: Core, published: Tenant) -> FlaskClient:
    """Give a browser in which the publisher is signed in."""
    found = create_app(core=core).test_client()
    sign_in(found, published)
    return found


def test_programs_get_figures_and_errors(client: FlaskClient, published: Tenant):
    figures = client.get(f"{ROOT}/statistics?days=7", headers=published.headers()).get_json()
    assert [one["version"] for one in figures["versions"]] == ["1.0.0"]
    assert [one["installs"] for one in figures["days"]] == [0] * 7
    assert client.get(f"{ROOT}/errors", headers=published.headers()).get_json()["data"] == []


@pytest.mark.parametrize("days", ["0", "91", "-1", "many", "٣", "1" * 5000])
def test_a_wrong_number_of_days_is_told(client: FlaskClient, published: Tenant, days: str):
    answer = client.get(f"{ROOT}/statistics", query_string={"days": days},
                        headers=published.headers())  # fmt: skip
    assert answer.status_code == 422
    assert "Ask for 1 to 90 days" in answer.get_data(as_text=True)


@pytest.mark.parametrize("door", [f"{ROOT}/statistics", f"{ROOT}/errors"])
def test_others_are_told_nothing(core: Core, client: FlaskClient, door: str):
    stranger = make_tenant(core, "south")
    assert client.get(door, headers=stranger.headers()).status_code == 404


def test_pages_show_what_there_is(core: Core, client: FlaskClient, installs: Callable[[], str]):
    core.marketplace.statistics.report(
        {Failure(ID, "1.0.0", "route", "routes.py:3 in pets", "KeyError: '…'", installs()): 4}
    )

    figures = client.get(f"{PAGE}/statistics").get_data(as_text=True)
    assert 'aria-label="Installs: 0 installs in 30 days, at most 0 on one"' in figures
    assert "1.0.0" in figures
    errors = client.get(f"{PAGE}/errors").get_data(as_text=True)
    assert "routes.py:3 in pets" in errors
    assert "KeyError: " in errors
    assert client.get(f"{PAGE}/errors?version=9.9.9").status_code == 200


def test_a_page_without_errors_says_so(client: FlaskClient):
    assert "No errors" in client.get(f"{PAGE}/errors").get_data(as_text=True)
