import re

import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core
from marketplace import browse_views
from marketplace.cards import InstalledState
from marketplace.service import Registry
from tests.support.core import Tenant
from tests.unit.marketplace.conftest import Author, sign_up, text

HTMX = {"HX-Request": "true"}


@pytest.fixture
def filled(core: Core, registry: Registry, author: Author, tenant: Tenant) -> None:
    sign_up(core, tenant)
    for extension_id, category in (("mail-sync", "email"), ("lead-scorer", "sales")):
        name = extension_id.replace("-", " ").title()
        registry.publish(
            tenant.owner(), author.package(extension_id, name=name, categories=[category])
        )


def cards(page: str) -> list[str]:
    return re.findall(r'<h2 class="card-title"><a href="/marketplace/([a-z-]+)">', page)


@pytest.mark.usefixtures("filled")
def test_extensions_are_browsed(owner: FlaskClient):
    page = text(owner, "/marketplace")

    assert cards(page) == ["lead-scorer", "mail-sync"]
    assert "2 extensions" in page
    assert "Publish an extension" in page
    assert 'value="email"' in page


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=mail", ["mail-sync"]),
        ("category=sales", ["lead-scorer"]),
        ("sort=name", ["lead-scorer", "mail-sync"]),
        ("sort=rubbish", ["lead-scorer", "mail-sync"]),
        ("state=installed", ["mail-sync"]),
        ("verified=1", []),
        ("compatible=1&level=nothing&level=reads", ["lead-scorer", "mail-sync"]),
        ("rating=9", ["lead-scorer", "mail-sync"]),
    ],
)
def test_filters_live_in_the_address(
    owner: FlaskClient,
    installed: dict[str, InstalledState],
    query: str,
    expected: list[str],
):
    installed["mail-sync"] = InstalledState("0.1.0", enabled=True, status="enabled")

    assert cards(text(owner, f"/marketplace?{query}")) == expected


@pytest.mark.usefixtures("filled")
def test_live_search_gives_results_only_and_their_address(owner: FlaskClient):
    answer = owner.get("/marketplace?q=mail&category=&sort=", headers=HTMX)
    page = answer.get_data(as_text=True)

    assert "<html" not in page
    assert cards(page) == ["mail-sync"]
    assert "1 extension" in page
    assert answer.headers["HX-Push-Url"] == "/marketplace?q=mail"
    assert "HX-Request" in answer.headers["Vary"]
    plain = owner.get("/marketplace?q=", headers=HTMX)
    assert plain.headers["HX-Push-Url"] == "/marketplace"


def test_going_back_gives_the_whole_page(owner: FlaskClient):
    headers = {**HTMX, "HX-History-Restore-Request": "true"}

    assert "<html" in text(owner, "/marketplace", headers=headers)


@pytest.mark.usefixtures("filled")
def test_long_lists_have_pages(owner: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(browse_views, "_PAGE", 1)

    first = text(owner, "/marketplace?sort=name")
    following = re.findall(r'href="(/marketplace\?[^"]*cursor=[^"]*)"', first)[0]
    second = text(owner, following)

    assert (cards(first), cards(second)) == (["lead-scorer"], ["mail-sync"])
    assert "Back to the first page" not in first
    assert 'href="/marketplace?sort=name"' in second


def test_an_empty_result_suggests_to_clear_the_filters(owner: FlaskClient):
    assert "Clear filters" in text(owner, "/marketplace?q=nothing")
    assert "No extensions yet" in text(owner, "/marketplace")


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("state", "button", "badge"),
    [
        (None, 'href="/marketplace/mail-sync/install"', "No badge"),
        (
            InstalledState("0.1.0", enabled=True, status="enabled"),
            'href="/installed/mail-sync/settings"',
            "Installed",
        ),
        (
            InstalledState("0.0.9", enabled=True, status="enabled"),
            "Version 0.0.9 is installed",
            "Update",
        ),
        (
            InstalledState("0.1.0", enabled=False, status="disabled"),
            'action="/installed/mail-sync/enable"',
            "Disabled",
        ),
        (
            InstalledState("0.1.0", enabled=True, status="failed"),
            'href="/installed/mail-sync/settings"',
            "Needs attention",
        ),
    ],
)
def test_the_button_follows_the_state(
    owner: FlaskClient,
    installed: dict[str, InstalledState | None],
    state: InstalledState | None,
    button: str,
    badge: str,
):
    installed["mail-sync"] = state

    page = text(owner, "/marketplace/mail-sync")

    assert button in page
    badges = re.findall(r'<span class="badge[^>]*>([^<]*)</span>', page) or ["No badge"]
    assert badge in [*badges, "No badge"]


@pytest.mark.usefixtures("filled")
def test_members_are_told_to_ask(member: FlaskClient, installed: dict[str, InstalledState]):
    assert "Publish an extension" not in text(member, "/marketplace")
    assert "Ask an admin of this workspace for Mail Sync" in text(member, "/marketplace/mail-sync")

    installed["mail-sync"] = InstalledState("0.1.0", enabled=True, status="enabled")
    page = text(member, "/marketplace/mail-sync")
    assert "Ask your admin" not in page
    assert "Open settings" not in page


def test_an_extension_says_what_it_is(
    owner: FlaskClient, registry: Registry, author: Author, tenant: Tenant
):
    folder = author.write(
        name="Deal Insights",
        permissions=["read:deals"],
        permission_reasons=None,
        network=[{"host": "api.plotwise.example", "reason": "Sends amounts."}],
        homepage="https://plotwise.example",
        support="mailto:help@plotwise.example",
        privacy="https://plotwise.example/privacy",
        categories=["analytics"],
        requires={"geminicrm": ">=0.1.0"},
    )
    (folder / "README.md").write_text("# Deal Insights\n\nShows *win rate*.<script>x</script>")
    registry.publish(tenant.owner(), author.package())

    page = text(owner, "/marketplace/deal-insights")

    for part in (
        "<em>win rate</em>",
        "View deals",
        "Connect to api.plotwise.example",
        "“Sends amounts.”",
        "Change any record",
        "1 lead panel, 1 settings page",
        'href="mailto:help@plotwise.example"',
        'href="https://plotwise.example/privacy"',
        'href="/marketplace?category=analytics"',
        "Works with CRM >=0.1.0",
        "only if you trust its publisher",
    ):
        assert part in page
    assert "<script>x" not in owner.get("/marketplace/deal-insights").get_data(as_text=True)


def test_extensions_of_the_core_need_no_warning(
    owner: FlaskClient, registry: Registry, author: Author
):
    (author.write() / "README.md").write_text("")
    registry.offer(
        author.package(permissions=None, permission_reasons=None, settings=None, ui=None)
    )

    page = text(owner, "/marketplace/deal-insights")

    assert "only if you trust" not in page
    assert "Verified publisher" in page
    assert "asks for no permission" in page
    assert "has written nothing more" in page
    assert "Adds to your workspace" not in page


def test_permissions_are_grouped(
    owner: FlaskClient, registry: Registry, author: Author, tenant: Tenant
):
    registry.publish(
        tenant.owner(),
        author.package(
            permissions=["read:leads", "write:deals"], optional_permissions=["read:deals"]
        ),
    )

    page = text(owner, "/marketplace/deal-insights/permissions")

    for part in (
        "<h2>View</h2>",
        "<h2>Change</h2>",
        "<h2>Optional</h2>",
        "<code>write:deals</code>",
    ):
        assert part in page


def test_no_permissions_are_said_too(
    owner: FlaskClient, registry: Registry, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package(permissions=None, permission_reasons=None))

    assert "can't see or change" in text(owner, "/marketplace/deal-insights/permissions")


def test_versions_and_changes_are_listed(
    owner: FlaskClient,
    registry: Registry,
    author: Author,
    tenant: Tenant,
    installed: dict[str, InstalledState],
):
    registry.publish(tenant.owner(), author.package(version="1.0.0"))
    registry.publish(tenant.owner(), author.package(version="1.1.0"))
    installed["deal-insights"] = InstalledState("1.0.0", enabled=True, status="enabled")

    page = text(owner, "/marketplace/deal-insights/versions")

    assert page.index("1.1.0</h2> <span") < page.index("1.0.0</h2> <span")
    assert "<h2>Changelog</h2>" in page
    assert "<h2>1.1.0</h2>" in page
    assert "<h2>Changes</h2>" not in page


def test_without_a_changelog_there_is_no_heading(
    owner: FlaskClient, registry: Registry, author: Author, tenant: Tenant
):
    author.changelog = ""
    registry.publish(tenant.owner(), author.package())

    assert "Changelog" not in text(owner, "/marketplace/deal-insights/versions")


def test_an_icon_is_a_picture_and_nothing_else(
    owner: FlaskClient, registry: Registry, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package())
    address = re.findall(r'<img src="([^"]*)"', text(owner, "/marketplace"))[0]

    answer = owner.get(address)
    unnamed = owner.get("/marketplace/deal-insights/icon")

    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert unnamed.headers["Cache-Control"] == "private, no-cache"


def test_without_an_icon_there_is_none(
    owner: FlaskClient, registry: Registry, author: Author, tenant: Tenant
):
    registry.publish(tenant.owner(), author.package(icon=None))

    assert "<img" not in text(owner, "/marketplace")
    assert owner.get("/marketplace/deal-insights/icon").status_code == 404


@pytest.mark.parametrize("tab", ["", "/permissions", "/versions", "/icon"])
def test_the_unknown_is_not_found(owner: FlaskClient, tab: str):
    assert owner.get(f"/marketplace/nothing{tab}").status_code == 404


def test_strangers_sign_in_first(client: FlaskClient):
    assert client.get("/marketplace").headers["Location"] == "/sign-in?next=/marketplace"
