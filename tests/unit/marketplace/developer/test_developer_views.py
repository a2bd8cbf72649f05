"""The portal's pages: signing up, uploading with every finding, what belongs to a publisher."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from geminicrm.app import Core, create_app
from geminicrm.kernel.clock import FixedClock
from marketplace.models import RegistryVersion
from marketplace.signing.keys import SigningKey
from tests.support.core import Tenant, csrf, make_tenant, sign_in
from tests.unit.marketplace.conftest import Author, sign_up, text

HOME = "/developer"
ACME = f"{HOME}/publishers/acme"


@pytest.fixture
def app(core: Core) -> Flask:
    """Give the whole application."""
    return create_app(core=core)


@pytest.fixture
def post(owner: FlaskClient):
    """Give a function that sends a form as the owner."""

    def send(path: str, **form: str) -> TestResponse:
        return owner.post(path, data={**form, "csrf_token": csrf(owner, HOME)})

    return send


@pytest.fixture
def upload(owner: FlaskClient):
    """Give a function that uploads a package for a publisher; gives the answer and its text."""

    def send(package: bytes, publisher: str = "acme") -> tuple[int, str]:
        form = {
            "package": FileStorage(io.BytesIO(package), "it.gcx"),
            "publisher": publisher,
            "csrf_token": csrf(owner, HOME),
        }
        boundary, body = encode_multipart(form)
        kind = f"multipart/form-data; boundary={boundary}"
        answer = owner.post(f"{HOME}/upload", data=body, content_type=kind)
        return answer.status_code, answer.get_data(as_text=True)

    return send


@pytest.fixture
def acme(core: Core, tenant: Tenant) -> Any:
    """Give a publisher of the owner."""
    return sign_up(core, tenant)


def ticket(page: str) -> str:
    """Read what a preview brings the package back with."""
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_the_navigation_leads_there_for_those_who_may_publish(
    owner: FlaskClient, member: FlaskClient
):
    assert 'href="/developer"' in text(owner, "/account")
    assert 'href="/developer"' not in text(member, "/account")
    assert member.get(HOME).status_code == 403


def test_newcomers_are_invited_to_sign_up(owner: FlaskClient, post):
    assert "Sign up as a publisher" in text(owner, HOME)
    wrong = post(f"{HOME}/publishers/new", slug="core", name="", kind="person")
    assert wrong.status_code == 422
    assert "is reserved" in wrong.get_data(as_text=True)
    made = post(f"{HOME}/publishers/new", slug="acme", name="Acme", kind="person")
    assert (made.status_code, made.headers["Location"]) == (303, ACME)
    taken = post(f"{HOME}/publishers/new", slug="acme", name="Acme", kind="person")
    assert taken.status_code == 409
    assert "Person, you are an owner, 0 extensions" in text(owner, HOME)


@pytest.mark.usefixtures("acme")
def test_all_findings_are_shown_by_file(upload, author: Author):
    folder = author.write(permissions=["read:everything"], colour="red")
    (folder / "extension.py").write_text("import geminicrm.app\n" + "x = (\n")
    status, page = upload(author.zipped("deal-insights"))

    assert status == 422
    assert "<code>manifest.json /colour</code>" in page
    assert "<code>manifest.json /permissions/0</code>" in page
    assert "<code>extension.py:" in page


@pytest.mark.usefixtures("acme")
def test_a_package_is_looked_at_and_then_published(
    owner: FlaskClient, upload, post, core: Core, tenant: Tenant, author: Author
):
    status, page = upload(author.package(version="1.0.0", name="Deal Insights"))

    assert status == 200
    assert "Preview of Deal Insights" in page
    assert "It will be able to" in page
    assert core.marketplace.portal.desk.mine(tenant.owner()) == []
    icon = re.search(r'/developer/preview-icon\?ticket=[^"]+', page)
    assert icon is not None
    assert owner.get(icon[0]).mimetype == "image/svg+xml"
    done = post(f"{HOME}/publish", ticket=ticket(page))
    assert (done.status_code, done.headers["Location"]) == (
        303,
        f"{HOME}/extensions/deal-insights",
    )
    shown = text(owner, f"{HOME}/extensions/deal-insights")
    assert "Published" in shown
    assert "Not signed" in shown
    assert "Deal Insights" in text(owner, HOME)
    assert "Deal Insights" in text(owner, ACME)


@pytest.mark.usefixtures("acme")
def test_a_ticket_is_its_owners_and_ends(
    core: Core, upload, post, clock: FixedClock, tenant: Tenant, author: Author
):
    _, page = upload(author.package(version="1.0.0"))
    kept = ticket(page)
    with pytest.raises(Exception, match="upload it again"):
        core.marketplace.portal.previews.package(make_tenant(core, "south").owner(), kept)
    clock.advance(3601)
    late = post(f"{HOME}/publish", ticket=kept)
    assert late.status_code == 409
    assert "upload it again" in late.get_data(as_text=True)
    assert post(f"{HOME}/publish", ticket="forged").status_code == 409


def test_without_a_publisher_it_stays_in_the_workspace(
    owner: FlaskClient, upload, post, author: Author
):
    assert "seen by this workspace only" in text(owner, f"{HOME}/upload")
    status, page = upload(author.package(version="1.0.0"), "")
    assert status == 200
    assert "for this workspace only" in page
    post(f"{HOME}/publish", ticket=ticket(page))
    assert "This workspace only" in text(owner, HOME)


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("pending", "In review"),
        ("rejected", "Rejected"),
        ("yanked", "Yanked"),
        ("quarantined", "Quarantined"),
    ],
)
def test_states_and_their_reasons_are_shown(
    owner: FlaskClient, core: Core, tenant: Tenant, author: Author, state: str, word: str
):
    core.registry.publish(tenant.owner(), author.package(version="1.0.0"))
    with core.works.across_workspaces("judge a version", write=True) as work:
        row = work.session.query(RegistryVersion).one()
        row.state, row.state_reason = state, "It sends data to nowhere."
    shown = text(owner, f"{HOME}/extensions/deal-insights")
    assert word in shown
    assert "It sends data to nowhere." in shown


def test_nobody_sees_the_extensions_of_others(owner: FlaskClient, core: Core, author: Author):
    south = make_tenant(core, "south")
    sign_up(core, south, "bolt")
    core.registry.publish(south.owner(), author.package())

    assert owner.get(f"{HOME}/extensions/deal-insights").status_code == 404
    assert owner.get(f"{HOME}/publishers/bolt").status_code == 403
    assert owner.get(f"{HOME}/publishers/bolt/keys").status_code == 403
    assert owner.get(f"{HOME}/publishers/nobody").status_code == 404


@pytest.mark.usefixtures("acme")
def test_members_are_added_and_leave(owner: FlaskClient, post, core: Core, tenant: Tenant):
    south = make_tenant(core, "south")
    assert post(f"{ACME}/members", email=south.email, role="owner").status_code == 303
    assert south.email in text(owner, f"{ACME}/members")
    nobody = post(f"{ACME}/members", email="x@y.example", role="owner")
    assert nobody.status_code == 422
    assert "Nobody of this installation" in nobody.get_data(as_text=True)
    left = post(f"{ACME}/members/{tenant.owner_id}/remove")
    assert (left.status_code, left.headers["Location"]) == (303, HOME)
    assert owner.get(ACME).status_code == 403


@pytest.mark.usefixtures("acme")
def test_keys_are_added_and_revoked(owner: FlaskClient, post):
    key = SigningKey.make()
    assert "No key yet" in text(owner, f"{ACME}/keys")
    assert post(f"{ACME}/keys", name="Laptop", public="x").status_code == 422
    assert post(f"{ACME}/keys", name="Laptop", public=f" {key.public} ").status_code == 303
    assert key.id[:16] in text(owner, f"{ACME}/keys")
    assert post(f"{ACME}/keys/{key.id}/revoke").status_code == 303
    assert post(f"{ACME}/keys/{key.id}/revoke").status_code == 409


@pytest.mark.usefixtures("acme")
def test_tokens_are_shown_once(owner: FlaskClient, post, core: Core, tenant: Tenant):
    made = post(f"{ACME}/tokens", name="CI", days="30", extension_id="")
    assert 'id="new-token">gck_' in made.get_data(as_text=True)
    assert "gck_" not in text(owner, f"{ACME}/tokens")
    assert post(f"{ACME}/tokens", name="", days="7").status_code == 422
    (one,) = core.marketplace.publishers.tokens.list(tenant.owner(), "acme")
    assert post(f"{ACME}/tokens/{one.id}/revoke").status_code == 303
    assert "Revoked" in text(owner, f"{ACME}/tokens")


@pytest.mark.usefixtures("acme")
def test_the_profile_is_changed(owner: FlaskClient, post):
    assert post(f"{ACME}/profile", name="Acme Tools", homepage="").status_code == 303
    assert "Acme Tools" in text(owner, f"{ACME}/profile")
    assert post(f"{ACME}/profile", name="", homepage="").status_code == 422


def test_maintainers_see_and_do_less(core: Core, client: FlaskClient, tenant: Tenant):
    south = make_tenant(core, "south")
    sign_up(core, south)
    core.marketplace.publishers.members.add(south.owner(), "acme", tenant.email, "maintainer")
    sign_in(client, tenant)

    assert "Add a member" not in text(client, f"{ACME}/members")
    assert "Add a key" not in text(client, f"{ACME}/keys")
    assert "Only owners change" in text(client, f"{ACME}/profile")
    assert "New token" in text(client, f"{ACME}/tokens")
