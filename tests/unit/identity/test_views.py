"""The pages of people, as a browser meets them."""

import pytest

from geminicrm.identity.views import local_target
from tests.support.core import PASSWORD, csrf, sign_in


def test_a_wrong_password_is_said_and_the_address_kept(client, tenant):
    form = {"email": tenant.email, "password": "wrong", "csrf_token": csrf(client, "/sign-in")}
    answer = client.post("/sign-in", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "The e-mail address or the password is wrong" in page
    assert f'value="{tenant.email}"' in page
    assert "wrong" not in page.partition('type="password"')[2].partition(">")[0]


def test_too_many_tries_are_said(client, tenant):
    form = {"email": tenant.email, "password": "wrong", "csrf_token": csrf(client, "/sign-in")}
    statuses = [client.post("/sign-in", data=form).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_signing_out_ends_the_session_everywhere(app, client, tenant):
    token = sign_in(client, tenant)
    stolen = app.test_client()
    stolen.set_cookie("geminicrm", client.get_cookie("geminicrm").value)
    assert stolen.get("/account").status_code == 200
    assert client.post("/sign-out", data={"csrf_token": token}).location == "/sign-in"
    assert client.get("/account").status_code == 302
    assert stolen.get("/account").status_code == 302


def test_a_program_can_sign_out_without_a_session(client, tenant):
    assert client.post("/sign-out", headers=tenant.headers()).status_code == 302


def test_a_token_is_shown_once_and_works(app, client, tenant):
    token = sign_in(client, tenant)
    form = {"csrf_token": token, "name": "Web form", "lifetime": "30", "scopes": ["read:leads"]}
    page = client.post("/account/tokens", data=form).get_data(as_text=True)
    secret = page.partition('id="new-token">')[2].partition("<")[0]
    assert secret.startswith("gck_")
    assert secret not in client.get("/account").get_data(as_text=True)
    program = app.test_client()
    bearer = {"Authorization": f"Bearer {secret}"}
    assert program.get("/api/leads", headers=bearer).status_code == 200
    refused = program.get("/api/deals", headers=bearer)
    assert refused.status_code == 403
    assert refused.get_json()["scope"] == "read:deals"


def test_a_token_is_revoked(app, client, tenant):
    token = sign_in(client, tenant)
    page = client.get("/account").get_data(as_text=True)
    address = page.partition('action="/account/tokens/')[2].partition('"')[0]
    answer = client.post(f"/account/tokens/{address}", data={"csrf_token": token})
    assert answer.location == "/account"
    program = app.test_client()
    assert program.get("/api/leads", headers=tenant.headers()).status_code == 401


def test_every_wrong_field_of_a_token_is_said(client, tenant):
    token = sign_in(client, tenant)
    answer = client.post("/account/tokens", data={"csrf_token": token, "lifetime": "1000"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "give the token a name" in page
    assert "choose one of the lifetimes" in page
    assert "choose at least one permission" in page


def test_another_browser_is_signed_out_from_here(app, client, tenant):
    token = sign_in(client, tenant)
    other = app.test_client()
    sign_in(other, tenant)
    page = client.get("/account").get_data(as_text=True)
    newest = page.partition('action="/account/sessions/')[2].partition('"')[0]
    client.post(f"/account/sessions/{newest}", data={"csrf_token": token})
    assert other.get("/account").status_code == 302
    assert client.get("/account").status_code == 200


def test_a_session_that_is_not_ones_own_is_left_alone(client, tenant):
    token = sign_in(client, tenant)
    answer = client.post("/account/sessions/ses_other/end", data={"csrf_token": token})
    assert answer.location == "/account"
    assert client.get("/account").status_code == 200


def test_a_new_sign_in_gets_a_new_cookie(client, tenant):
    sign_in(client, tenant)
    first = client.get_cookie("geminicrm").value
    form = {"email": tenant.email, "password": PASSWORD, "csrf_token": csrf(client, "/sign-in")}
    client.post("/sign-in", data=form)
    assert client.get_cookie("geminicrm").value != first


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/leads?q=a", "/leads?q=a"),
        ("", "/"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\nb", "/"),
        ("leads", "/"),
    ],
)
def test_the_way_on_stays_in_the_house(target, expected):
    assert local_target(target) == expected
