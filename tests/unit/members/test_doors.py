"""Members over REST and on the pages; the pages behind secret links."""

import pytest
from flask import Flask

from geminicrm.app import create_app
from geminicrm.members.tokens import UNKNOWN_LINKS
from tests.support.core import PASSWORD, csrf, make_tenant, sign_in
from tests.unit.members.conftest import NEW


@pytest.fixture
def core(make_core):
    """One engine is enough for the doors."""
    return make_core()


@pytest.fixture
def app(core) -> Flask:
    return create_app(core=core)


@pytest.fixture
def api(app, tenant):
    def call(method, path, **more):
        client = app.test_client()
        return client.open(f"/api{path}", method=method, headers=tenant.headers(), **more)

    return call


@pytest.fixture
def admin(app, tenant):
    """The owner at a browser: posts a form, follows where it leads."""
    client = app.test_client()
    sign_in(client, tenant)

    def post(path, **form):
        token = csrf(client, "/account")
        return client.post(path, data={**form, "csrf_token": token}, follow_redirects=True)

    post.client = client
    return post


@pytest.fixture
def visit(app):
    """A stranger at a browser: opens a page, sends its form as browsers do from such a page."""
    client = app.test_client()

    def post(path, **form):
        data = {**form, "csrf_token": csrf(client, path)}
        origin = "http://localhost" if path == "/forgot-password" else "null"
        return client.post(path, data=data, headers={"Origin": origin})

    post.client = client
    return post


def test_members_over_rest(api, add, tenant):
    mary = add("mary")
    found = api("GET", "/members").json["data"]
    assert {(one["email"], one["role"]) for one in found} == {
        (tenant.email, "owner"),
        ("mary@north.example", "member"),
    }
    assert api("PATCH", f"/members/{mary.id}", json={"role": "admin"}).json["role"] == "admin"
    assert api("PATCH", f"/members/{mary.id}", json={"role": "king"}).status_code == 422
    assert api("PATCH", f"/members/{mary.id}", json={"rank": 1}).status_code == 422
    assert api("GET", f"/members/{mary.id}").json["role"] == "admin"
    assert api("DELETE", f"/members/{mary.id}").status_code == 204
    assert api("GET", f"/members/{mary.id}").status_code == 404
    assert api("DELETE", f"/members/{tenant.owner_id}").status_code == 409


def test_invitations_over_rest_never_have_the_link(api, post):
    made = api("POST", "/invitations", json={"email": NEW, "role": "member"})
    assert made.status_code == 201
    assert api("POST", "/invitations", json={"email": NEW}).status_code == 409
    assert api("POST", "/invitations", json={"mail": NEW}).status_code == 422
    listed = api("GET", "/invitations")
    assert [one["email"] for one in listed.json["data"]] == [NEW]
    again = api("POST", f"/invitations/{made.json['id']}/resend")
    texts = made.text + listed.text + again.text + api("GET", "/mails").text
    assert "gci_" not in texts
    assert post.token() not in texts
    assert api("DELETE", f"/invitations/{made.json['id']}").status_code == 204
    assert api("GET", "/invitations").json["data"] == []


def test_somebody_new_accepts_at_a_browser(admin, visit, post):
    page = admin("/members/invitations", email=NEW, first_name="Grace", role="member")
    assert "The invitation is on its way" in page.text
    path = f"/accept-invitation/{post.token()}"
    shown = visit.client.get(f"{path}/")
    assert "Owner invites you" in shown.text
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert shown.headers["Cache-Control"] == "no-store"
    wrong = visit(path, name="Grace", password="short")
    assert (wrong.status_code, "use at least 10" in wrong.text) == (422, True)
    assert "short" not in wrong.text.partition('type="password"')[2].partition(">")[0]
    done = visit(path, name="Grace Hopper", password=PASSWORD)
    assert (done.status_code, done.location) == (303, "/")
    assert NEW in visit.client.get("/account").text
    dead = visit.client.get(path)
    assert (dead.status_code, "was used already" in dead.text) == (410, True)
    assert dead.headers["Referrer-Policy"] == "no-referrer"


def test_who_has_an_account_signs_in_and_switches_workspaces(core, admin, visit, post):
    south = make_tenant(core, "south")
    admin("/members/invitations", email=south.email, role="member")
    path = f"/accept-invitation/{post.token()}"
    assert "sign in with its password" in visit.client.get(path).text
    assert visit(path, password="wrong").status_code == 422
    assert visit(path, password=PASSWORD).status_code == 303
    account = visit.client.get("/account").text
    assert "Switch to South" in account
    token = csrf(visit.client, "/account")
    form = {"csrf_token": token}
    assert visit.client.post(f"/account/workspaces/{south.id}", data=form).status_code == 303
    assert "Switch to North" in visit.client.get("/account").text
    assert visit.client.post("/account/workspaces/ws_none", data=form).status_code == 404


def test_who_is_signed_in_already_only_joins(core, app, admin, post):
    south = make_tenant(core, "south")
    browser = app.test_client()
    sign_in(browser, south)
    admin("/members/invitations", email=south.email, role="member")
    path = f"/accept-invitation/{post.token()}"
    assert "You are signed in as" in browser.get(path).text
    answer = browser.post(path, data={"csrf_token": csrf(browser, path)})
    assert answer.status_code == 303


def test_unknown_links_are_told_and_throttled(visit):
    answers = [visit.client.get(f"/accept-invitation/gci_{at}") for at in range(UNKNOWN_LINKS)]
    assert {one.status_code for one in answers} == {404}
    assert "ask whoever invited you" in answers[0].text
    assert visit.client.get("/reset-password/gcr_1").status_code == 429


def test_a_form_without_its_token_is_refused_however_it_comes(visit, admin, post):
    admin("/members/invitations", email=NEW, role="member")
    path = f"/accept-invitation/{post.token()}"
    for origin in ("null", "https://elsewhere.example"):
        answer = visit.client.post(path, data={"name": "Eve"}, headers={"Origin": origin})
        assert answer.status_code == 403
    other = visit.client.post("/sign-in", data={}, headers={"Origin": "null"})
    assert other.status_code == 403


def test_a_forgotten_password_is_answered_alike(visit, tenant, post):
    assert 'href="/forgot-password"' in visit.client.get("/sign-in").text
    answers = [
        visit("/forgot-password", email=email) for email in (tenant.email, "nobody@else.example")
    ]
    assert {(one.status_code, one.location) for one in answers} == {(303, "/forgot-password/asked")}
    assert "If there is an account" in visit.client.get("/forgot-password/asked").text
    path = f"/reset-password/{post.token()}"
    assert visit(path, password="short").status_code == 422
    done = visit(path, password="another horse battery")
    assert (done.status_code, done.location) == (303, "/sign-in")
    assert visit.client.get(path).status_code == 410


def test_too_many_requests_for_passwords_are_said(visit):
    statuses = [visit("/forgot-password", email="a@b.example").status_code for _ in range(11)]
    assert statuses == [303] * 10 + [429]


def test_the_account_is_changed_at_a_browser(admin, visit, post, tenant):
    assert "Not confirmed" in admin.client.get("/account").text
    assert "on its way to you" in admin("/account/email/verify").text
    path = f"/verify-email/{post.token()}"
    assert tenant.email in visit(path).text
    assert visit.client.get(path).status_code == 410
    assert "confirmed already" in admin("/account/email/verify").text
    assert admin("/account/email", email="x", password="wrong").status_code == 422
    assert admin("/account/email", email="o@n.example", password="wrong").status_code == 422
    changed = admin("/account/email", email="o@n.example", password=PASSWORD)
    assert "counts once confirmed" in changed.text
    assert "<h1>Change your password" in admin.client.get("/account/password").text
    assert "<h1>Change your e-mail" in admin.client.get("/account/email").text
    assert admin("/account/password", present="no", password=PASSWORD).status_code == 422
    done = admin("/account/password", present=PASSWORD, password="another horse battery")
    assert "Your password is changed" in done.text
    assert 'value="all" selected' in admin("/account/notice-mails", notice_mails="all").text
    assert admin("/account/notice-mails", notice_mails="some").status_code == 422


def test_a_token_can_not_change_the_account(app, tenant):
    client = app.test_client()
    form = {"present": PASSWORD, "password": "another horse battery"}
    answer = client.post("/account/password", data=form, headers=tenant.headers())
    assert answer.status_code == 403


def test_members_on_the_page(admin, add, tenant):
    mary = add("mary")
    assert "holds from now on" in admin(f"/members/{mary.id}/role", role="admin").text
    assert "last owner" in admin(f"/members/{tenant.owner_id}/remove").text
    assert "no member any more" in admin(f"/members/{mary.id}/remove").text
    wrong = admin("/members/invitations", email="nobody", role="member")
    assert (wrong.status_code, 'value="nobody"' in wrong.text) == (422, True)
    taken = admin("/members/invitations", email=tenant.email, role="member")
    assert (taken.status_code, "member already" in taken.text) == (409, True)


def test_invitations_on_the_page(admin, api):
    admin("/members/invitations", email=NEW, role="member")
    (row,) = api("GET", "/invitations").json["data"]
    path = f"/members/invitations/{row['id']}"
    assert "sent again with a new link" in admin(f"{path}/resend").text
    assert "Its link holds no more" in admin(f"{path}/revoke").text
    assert "invite anew" in admin(f"{path}/revoke").text


def test_a_member_sees_who_is_here_and_no_more(app, add, tenant):
    add("mary")
    client = app.test_client()
    sign_in(client, type(tenant)(tenant.id, "", "mary@north.example", ""))
    page = client.get("/members").text
    assert tenant.email in page
    assert "Invite somebody" not in page
    assert client.get("/api/invitations").status_code == 403
