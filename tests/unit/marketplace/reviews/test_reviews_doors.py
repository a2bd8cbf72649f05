import pytest
from flask.testing import FlaskClient

from geminicrm.app import Core
from geminicrm.identity.models import User
from tests.support.core import Tenant, csrf, make_tenant, sign_in
from tests.unit.marketplace.conftest import text
from tests.unit.marketplace.reviews.test_reviews import MAIL, install, stars
from tests.unit.marketplace.search.conftest import publish

PATH = f"/api/marketplace/extensions/{MAIL}/reviews"
PAGE = f"/marketplace/{MAIL}/reviews"
TEXT = "In *minutes*. <script>x</script> ![p](https://x.example/p.png)"
GOOD = {"rating": 5, "title": "Just works", "body": TEXT}
MANIFEST = {
    "name": "Mail Sync", "version": "1.0.0", "description": "Syncs.", "author": "Relay",
    "license": "MIT", "entry_point": "extension.py",
}  # fmt: skip


@pytest.fixture
def north(core: Core, tenant: Tenant) -> Tenant:
    """Give a workspace that has the extension, by the id that the tests of the service use."""
    publish(core, "Mail Sync", id=MAIL, manifest=MANIFEST)
    install(core, tenant)
    return tenant


def operate(core: Core, tenant: Tenant) -> None:
    with core.works.across_workspaces("make an operator in a test", write=True) as work:
        work.session.get_one(User, tenant.owner_id).is_operator = True


def test_programs_write_read_change_and_delete(client: FlaskClient, core: Core, north: Tenant):
    made = client.post(PATH, json=GOOD, headers=north.headers())
    assert made.status_code == 201
    one = made.headers["Location"]
    assert client.post(PATH, json=GOOD, headers=north.headers()).status_code == 409

    listed = client.get(PATH, headers=north.headers()).get_json()
    assert (listed["rating"], listed["rating_count"], listed["histogram"]["5"]) == (5.0, 1, 1)
    assert listed["data"][0]["title"] == "Just works"
    assert north.id not in str(listed)

    changed = client.patch(one, json={"rating": 3, "title": "Fine"}, headers=north.headers())
    assert (changed.get_json()["rating"], changed.get_json()["body"]) == (3, "")
    assert client.delete(one, headers=north.headers()).status_code == 204
    assert stars(core) == (0, 0)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"rating": 6, "title": "x"}, "/rating"),
        ({"rating": 0, "title": "x"}, "/rating"),
        ({"rating": 4, "title": "  "}, "/title"),
        ({"rating": 4, "title": "x" * 121}, "/title"),
        ({"rating": 4, "title": "x", "body": "y\x00"}, "/body"),
        ({"rating": 4, "title": "x", "workspace_id": "ws_1"}, "/workspace_id"),
    ],
)
def test_wrong_reviews_are_refused(
    client: FlaskClient, north: Tenant, body: dict[str, object], pointer: str
):
    answer = client.post(PATH, json=body, headers=north.headers())
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.get_json()["errors"]] == [pointer]


def test_publishers_reply_and_strangers_do_not(client: FlaskClient, core: Core, north: Tenant):
    publishers = make_tenant(core, "relay")
    one = client.post(PATH, json=GOOD, headers=north.headers()).headers["Location"]
    said = {"body": "Thank you."}
    refused = client.put(f"{one}/reply", json=said, headers=publishers.headers())
    assert (refused.status_code, refused.get_json()["code"]) == (403, "review_not_allowed")
    hidden = client.put(f"{one}/hidden", json={"reason": "x"}, headers=north.headers())
    assert hidden.get_json()["code"] == "scope_missing"
    assert client.delete(f"{one}/hidden", headers=north.headers()).status_code == 403
    assert client.delete(f"{one}/reply", headers=north.headers()).status_code == 403


def test_people_write_and_read_reviews(client: FlaskClient, core: Core, north: Tenant):
    token = sign_in(client, north)
    assert "No reviews yet" in text(client, PAGE)

    form = {"csrf_token": token, "rating": "4", "title": "Good", "body": GOOD["body"]}
    assert client.post(PAGE, data=form).status_code == 303
    page = text(client, PAGE)
    assert "<em>minutes</em>" in page
    assert "<script>x" not in client.get(PAGE).get_data(as_text=True)
    assert 'src="https://x.example' not in client.get(PAGE).get_data(as_text=True)
    assert 'about version <span class="num">1.0.0</span>' in page
    assert "4.0 (1)" in text(client, f"/marketplace/{MAIL}")

    own = page.partition('name="review" value="')[2].partition('"')[0]
    assert client.post(PAGE, data={**form, "rating": "2", "review": own}).status_code == 303
    assert stars(core) == (2, 1)
    client.post(f"{PAGE}/{own}/delete", data={"csrf_token": token})
    assert stars(core) == (0, 0)


def test_a_wrong_form_comes_back_filled(client: FlaskClient, north: Tenant):
    token = sign_in(client, north)
    answer = client.post(PAGE, data={"csrf_token": token, "title": "", "body": "Half a text"})
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert "Choose one to five stars." in page
    assert "Half a text" in page


def test_people_reply_hide_and_show(client: FlaskClient, core: Core, north: Tenant):
    one = client.post(PATH, json=GOOD, headers=north.headers()).get_json()["id"]
    operate(core, north)
    token = {"csrf_token": sign_in(client, north)}

    client.post(f"{PAGE}/{one}/reply", data={**token, "body": "Thanks"})
    assert "Only members of Relay Works reply" in text(client, PAGE)
    client.post(f"{PAGE}/{one}/hide", data={**token, "reason": ""})
    assert stars(core) == (5, 1)
    client.post(f"{PAGE}/{one}/hide", data={**token, "reason": "Insults"})
    assert stars(core) == (0, 0)
    assert "Hidden: Insults" in text(client, PAGE)
    client.post(f"{PAGE}/{one}/show", data=token)
    assert stars(core) == (5, 1)


def test_operators_choose_what_is_first(client: FlaskClient, core: Core, north: Tenant):
    place = f"/api/marketplace/extensions/{MAIL}/featured"
    refused = client.put(place, json={"place": 1}, headers=north.headers())
    assert refused.get_json()["code"] == "scope_missing"

    operate(core, north)
    token = sign_in(client, north)
    page = f"/marketplace/{MAIL}"
    client.post(f"{page}/feature", data={"csrf_token": token, "place": "3"})
    assert ">Featured</h2>" in text(client, "/marketplace")
    assert 'value="3"' in text(client, page)
    client.post(f"{page}/feature", data={"csrf_token": token, "place": ""})
    assert ">Featured</h2>" not in text(client, "/marketplace")
    assert client.delete(place, headers={"X-CSRFToken": csrf(client, page)}).status_code == 204


def test_support_and_privacy_are_told(client: FlaskClient, core: Core, tenant: Tenant):
    told = {
        **MANIFEST,
        "support": "mailto:help@relay.example",
        "network": [{"host": "api.relay.example", "reason": "To fetch mail."}],
    }
    publish(core, "Mail Sync", id=MAIL, manifest=told)
    sign_in(client, tenant)
    page = text(client, f"/marketplace/{MAIL}/support")

    assert 'href="mailto:help@relay.example"' in page
    assert "has linked no privacy statement" in page
    assert "<code>api.relay.example</code>: “To fetch mail.”" in page
