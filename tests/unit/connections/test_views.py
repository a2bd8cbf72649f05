"""The pages of integrations, as far as no browser is needed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from geminicrm.app import create_app
from geminicrm.connections import activity
from geminicrm.connections.models import ConnectionCall, ConnectionUse
from tests.support.connecting import connect
from tests.support.crm_pages import reader, said, visitor

KEY = "sk_test_of_north_0123456789"
PAGE = "/integrations"


@pytest.fixture
def stripe(open_built_in):
    return open_built_in("stripe")


@pytest.fixture
def app(stripe):
    return create_app(core=stripe.core)


@pytest.fixture
def admin(app, stripe):
    return visitor(app, stripe.tenant)


@pytest.fixture
def connection(stripe, outside):
    return connect(stripe, api_key=KEY, base_url=outside.url)


def note_call(made, connection, number=1, **changes):
    with made.core.works.write(made.tenant.system()) as work:
        call = {
            "id": f"call_{number}",
            "workspace_id": made.tenant.id,
            "connection_id": connection,
            "extension_id": "stripe",
            "at": work.now - timedelta(minutes=number),
            "operation": "payments.request",
            "method": "POST",
            "host": "api.stripe.com",
            "path": "/v1/charges",
            "status": 200,
            "outcome": "ok",
            "milliseconds": 12,
            "actor_kind": "user",
            "actor_id": "usr_1",
            **changes,
        }
        work.session.add(ConnectionCall(**call))


def test_from_an_installed_integration_to_a_connection_that_works(admin, stripe, outside):
    assert "Nothing is connected yet." in admin.page(PAGE)
    form = admin.page(f"{PAGE}/new/stripe")
    assert 'name="setting-api_key"' in form
    refused = admin.post(f"{PAGE}/new/stripe", name="North")
    assert (refused.status_code, "Secret key is needed" in refused.text) == (422, True)
    given = {"setting-api_key": KEY, "setting-base_url": outside.url, "owner": "me"}
    made = admin.post(f"{PAGE}/new/stripe", name="North", environment="test", **given)
    page = admin.page(made.location)
    assert "It is connected." in page
    assert "Ends in 6789." in page
    assert KEY not in page
    outside.answers = [(200, {"livemode": False})]
    tested = said(admin.post(f"{made.location}/test").text)
    assert "Passed sign-in" in tested
    assert "One person uses it." in said(admin.page(PAGE))


def test_values_are_changed_and_secrets_kept(admin, connection):
    path = f"{PAGE}/{connection}"
    given = {"setting-webhook_secret": "whsec_0123456789", "setting-base_url": ""}
    assert admin.post(path, name="Another", is_active="true", **given).status_code == 302
    page = admin.page(path)
    assert "Another" in page
    assert page.count("Ends in 6789.") == 2
    assert 'value="https://api.stripe.com"' in page
    cleared = {"clear-webhook_secret": "true"}
    admin.post(path, name="", **cleared)
    page = admin.page(path)
    assert page.count("Ends in 6789.") == 1
    assert "Switched off" in page
    wrong = admin.post(path, name="x", **{"setting-base_url": "nowhere"})
    assert (wrong.status_code, 'href="#field-setting-base_url"' in wrong.text) == (422, True)


def test_what_the_operator_gives_is_named_and_not_shown(admin, stripe):
    home = stripe.core.settings.home
    home.joinpath("integrations.toml").write_text('[stripe]\napi_key = "sk_test_of_the_file"\n')
    page = admin.page(f"{PAGE}/new/stripe")
    assert "Comes from the operator&#39;s integrations.toml." in page
    assert "sk_test_of_the_file" not in page
    made = admin.post(f"{PAGE}/new/stripe", name="Shared")
    assert "sk_test_of_the_file" not in admin.page(made.location)


def test_who_only_reads_changes_nothing(stripe, app, connection):
    eyes = reader(stripe.core, app, stripe.tenant)
    page = eyes.page(f"{PAGE}/{connection}")
    assert "Only those who manage integrations" in page
    assert "Disconnect" not in page
    assert "Connect Stripe" not in eyes.page(PAGE)
    for act in ("", "/test", "/reach", "/debug", "/disconnect", "/tools"):
        assert eyes.post(f"{PAGE}/{connection}{act}", place="/").status_code == 403


def test_the_activity_log_has_filters_and_pages(admin, stripe, connection):
    for number in range(1, 27):
        note_call(stripe, connection, number)
    detail = {"outcome": "failed", "detail": "<b>no</b>", "operation": "connection.test_connection"}
    note_call(stripe, connection, 60 * 30, **detail)
    page = admin.page(f"{PAGE}/{connection}/activity")
    assert page.count("data-call=") == 25
    address = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    rest = admin.page(address.replace("&amp;", "&"))
    assert rest.count("data-call=") == 2
    assert "&lt;b&gt;no&lt;/b&gt;" in rest
    for query, count in (
        ("outcome=failed", 1),
        ("operation=payments.request&hours=24", 25),
        ("hours=24&outcome=failed", 0),
        ("outcome=odd&hours=7", 25),
    ):
        found = admin.page(f"{PAGE}/{connection}/activity?{query}")
        assert found.count("data-call=") == count
    assert "26 calls, 0 failed (0.0 %), 12 ms on average" in said(
        admin.page(f"{PAGE}/{connection}")
    )


def test_usage_is_shown_for_quotas(stripe, connection):
    from_stripe = stripe.core.connections.book.services.find(stripe.tenant.id, "stripe")
    assert [one.seconds for one in from_stripe.limits] == [1]
    with stripe.core.works.write(stripe.tenant.system()) as work:
        use = ConnectionUse(
            id="use_1",
            workspace_id=stripe.tenant.id,
            connection_id=connection,
            limit_id="rate",
            window_at=work.now,
            used=7,
        )
        work.session.add(use)
    with stripe.core.works.read(stripe.tenant.owner()) as work:
        row = stripe.core.connections.book.get(work, connection)
        (limit,) = from_stripe.limits
        daily = replace(from_stripe, limits=(replace(limit, seconds=86_400),))
        (used,) = activity.usage(work, row, daily)
    assert (used["used"], used["most"]) == (7, 100)


def test_debug_logging_has_an_end(admin, connection):
    path = f"{PAGE}/{connection}"
    admin.post(f"{path}/debug", on="true")
    assert "Each call is logged in full until" in admin.page(path)
    admin.post(f"{path}/debug")
    assert "ends by itself after an hour" in admin.page(path)


def test_the_explorer_shows_answers_without_credentials(admin, connection, outside):
    outside.answers = [(200, {"echo": KEY})]
    path = f"{PAGE}/{connection}/tools"
    page = admin.post(path, place="/v1/balance?a=1").text
    assert "•••" in page
    assert KEY not in page
    assert "Authorization: Bearer ${API_KEY}" in page
    assert outside.calls[-1].headers["authorization"] == f"Bearer {KEY}"
    assert outside.calls[-1].path == "/v1/balance?a=1"
    outside.answers = [(200, {"livemode": True})]
    page = admin.post(path, operation="connection.test_connection", arguments="").text
    assert "&#34;label&#34;: &#34;Stripe&#34;" in page
    page = admin.post(path, operation="connection.status", arguments="").text
    assert "&#34;provider&#34;: &#34;Stripe&#34;" in page
    assert "&#34;state&#34;: &#34;connected&#34;" in page


@pytest.mark.parametrize(
    "given",
    [
        {"place": "v1"},
        {"place": "//elsewhere.example"},
        {"operation": "connection.end_connection"},
        {"operation": "connection.test_connection", "arguments": "["},
        {"operation": "connection.test_connection", "arguments": "[]"},
    ],
)
def test_what_can_not_be_asked(admin, connection, outside, given):
    answer = admin.post(f"{PAGE}/{connection}/tools", **given)
    assert (answer.status_code, "That can&#39;t be asked" in answer.text) == (422, True)
    assert outside.calls == []


def test_the_settings_of_an_integration_are_asked_for_once(admin):
    page = admin.page("/installed/stripe/settings")
    assert 'href="/integrations#service-stripe"' in page
    assert "setting-api_key" not in page


def test_disconnecting(admin, connection):
    answer = admin.post(f"{PAGE}/{connection}/disconnect")
    assert "It is disconnected." in admin.page(answer.location)
    admin.page(f"{PAGE}/{connection}", 404)
    admin.page(f"{PAGE}/new/hello-routes", 404)
