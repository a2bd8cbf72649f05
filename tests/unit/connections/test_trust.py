"""The operator's credentials go nowhere but to the service, or where the operator says."""

from dataclasses import replace

import pytest

from extensions.sdk.service_errors import AuthenticationError
from geminicrm.connections.book import Changes
from geminicrm.connections.services import Values
from geminicrm.connections.shared_values import FILE
from geminicrm.connections.trust import leads_away, trusted
from geminicrm.kernel.errors import ValidationFailed
from geminicrm.runtime.manifest_build import build_manifest
from tests.support.connecting import ask, connect
from tests.support.manifests import MINIMAL
from tests.unit.connections.test_diagnosis import field, service

KEY = "sk_test_of_the_operator_0123"
AWAY = "https://elsewhere.example"
ADDRESS = field("base_url", label="Address", default="https://api.post.example")
POST = replace(
    service(),
    fields=(ADDRESS, field("site"), field("api_key", type="password", secret=True)),
    host_fields=frozenset({"base_url"}),
    hosts=("api.post.example", "*.post.example"),
)


@pytest.mark.parametrize(
    ("address", "away"),
    [
        (None, False),
        ("", False),
        ("https://api.post.example", False),
        ("https://api.post.example:8443/v2", False),
        ("https://eu.post.example/v1", False),
        ("https://own.example", True),
        ("https://post.example.own.example", True),
        ("http://api.post.example", True),
        ("https://api.post.example@own.example", True),
        ("https://own.example\\@api.post.example", True),
        ("https://[", True),
        ("own.example", True),
    ],
)
def test_an_address_is_the_services_or_it_is_not(address, away):
    lent = Values({}, {"api_key": KEY})
    assert bool(leads_away(POST, {}, {"base_url": address})) is away
    assert bool(trusted(POST, lent, {"base_url": address}).secrets) is not away


def test_an_address_of_the_operator_is_as_good():
    assert leads_away(POST, {"base_url": AWAY}, {"base_url": AWAY}) == ""
    assert leads_away(POST, {"base_url": "http://proxy"}, {}) == ""
    assert AWAY in leads_away(POST, {"base_url": "http://proxy"}, {"base_url": AWAY})


@pytest.mark.parametrize(
    ("site", "lent", "away"),
    [
        ("north.post.example", {}, False),
        ("", {}, False),
        ("own.example", {}, True),
        ("own.example", {"site": "own.example"}, False),
        ("api.post.example", {}, False),
    ],
)
def test_nor_may_the_address_of_a_sign_in_lead_elsewhere(site, lent, away):
    addresses = {"authorization_url": "https://a.example", "token_url": "https://{site}/token"}
    way = {"type": "oauth2", "settings": ["site", "api_key"], "scopes": [], **addresses}
    ways = build_manifest({**MINIMAL, "authentication": [way]}).authentication
    assert bool(leads_away(replace(POST, ways=ways), lent, {"site": site})) is away


@pytest.fixture
def stripe(open_built_in, open_core):
    open_core.settings.home.joinpath(FILE).write_text(f'[stripe]\napi_key = "{KEY}"\n')
    return open_built_in("stripe")


def change(made, connection, **config):
    with made.core.works.write(made.tenant.owner()) as work:
        made.core.connections.book.change(work, connection, Changes(config=config))


def test_another_address_is_refused_when_it_is_saved(stripe):
    with pytest.raises(ValidationFailed) as caught:
        connect(stripe, base_url=AWAY)
    (finding,) = caught.value.findings
    assert (finding.pointer, finding.code) == ("/config/base_url", "leads_away")
    assert "credentials of its own" in finding.message
    connection = connect(stripe)
    with pytest.raises(ValidationFailed):
        change(stripe, connection, base_url=AWAY)
    change(stripe, connection, base_url=AWAY, api_key="sk_test_of_our_own")


def test_one_that_was_there_before_gets_no_credentials(stripe, outside):
    home = stripe.core.settings.home
    home.joinpath(FILE).write_text("")
    connect(stripe, api_key="sk_test_of_our_own", base_url=outside.url)
    connection = connect(stripe, api_key="sk_test_of_our_own")
    home.joinpath(FILE).write_text(f'[stripe]\napi_key = "{KEY}"\n')
    stripe.configure(base_url=outside.url)
    with stripe.core.works.write(stripe.tenant.owner()) as work:
        stripe.core.connections.book.get(work, connection).secrets = None
    with pytest.raises(AuthenticationError, match="no address of Stripe") as caught:
        ask(stripe, "connection", "test_connection", via=connection)
    assert "integrations.toml" in caught.value.mend
    assert outside.calls == []


def test_the_operator_may_send_them_anywhere(stripe, outside):
    text = f'[stripe]\napi_key = "{KEY}"\nbase_url = "{outside.url}"\n'
    stripe.core.settings.home.joinpath(FILE).write_text(text)
    connection = connect(stripe)
    outside.answers = [(200, {"livemode": False})]
    ask(stripe, "connection", "test_connection", via=connection)
    assert outside.calls[0].headers["authorization"] == f"Bearer {KEY}"
