"""Identity tokens: Pub/Sub's bearer, and those of Graph's notifications with data."""

import json

import pytest

from tests.support import webhook_keys as keys
from tests.support.webhook_samples import NOW, SECRET
from tests.support.webhook_schemes import SAMPLES, graph_body, refused, verified, with_headers

GMAIL = SAMPLES["gmail-pubsub"]
GRAPH = SAMPLES["microsoft-graph"]
PUBLISHER = "0bf30f3b-4a52-48df-9a82-234910c4a086"
TENANT = "11111111-2222-3333-4444-555555555555"


def bearing(token):
    return with_headers(GMAIL.request(), authorization=[f"Bearer {token}"])


def test_the_token_of_the_service_account_is_good():
    assert verified(GMAIL, bearing(keys.token(keys.google_claims()))).items
    assert verified(GMAIL, bearing(keys.token(keys.google_claims(), number=1))).items
    assert verified(GMAIL, bearing(keys.token(keys.google_claims(iss="accounts.google.com")))).items


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"iss": "https://evil.example"}, "token"),
        ({"aud": "https://other.example"}, "token"),
        ({"aud": ["https://crm.example/hooks", "https://other.example"]}, "token"),
        ({"email": "other@project.example"}, "token"),
        ({"email_verified": False}, "token"),
        ({"email_verified": "true"}, "token"),
        ({"exp": NOW}, "time"),
        ({"exp": NOW - 1}, "time"),
        ({"iat": NOW + 301}, "time"),
        ({"exp": "tomorrow"}, "token"),
        ({"exp": None}, "token"),
        ({"exp": True}, "token"),
        ({"iat": None}, "token"),
    ],
)
def test_each_claim_must_hold(changes, part):
    assert refused(GMAIL, bearing(keys.token(keys.google_claims(**changes)))).part == part


@pytest.mark.parametrize("name", ["audience", "email"])
def test_without_an_expectation_nothing_is_believed(name):
    options = {**GMAIL.options, name: ""}
    assert refused(GMAIL, options=options).part == "secret"


def test_a_key_that_google_does_not_publish_does_not_hold():
    assert refused(GMAIL, bearing(keys.token(keys.google_claims(), number=2))).part == "token"


def test_no_other_algorithm_is_taken():
    head, claims, signature = keys.token(keys.google_claims()).split(".")
    none = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    assert refused(GMAIL, bearing(f"{none}.{claims}.")).part == "token"
    assert refused(GMAIL, bearing(f"{none}.{claims}.{signature}")).part == "token"
    assert refused(GMAIL, bearing(f"{head}.{claims}.")).part == "token"


def test_keys_out_of_reach_let_the_service_come_again():
    assert refused(GMAIL, fetch=None).status == 503


def claims(**changes):
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    return {"iss": issuer, "aud": "app-1", "azp": PUBLISHER, "iat": NOW, "exp": NOW + 60, **changes}


def rich(*tokens):
    return GRAPH.request(graph_body(SECRET, validationTokens=list(tokens)))


RICH = {"options": {"app_id": "app-1"}, "fetch": GMAIL.fetch}


@pytest.mark.parametrize(
    "changes",
    [{}, {"azp": None, "appid": PUBLISHER, "iss": f"https://sts.windows.net/{TENANT}/"}],
    ids=["v2", "v1"],
)
def test_notifications_with_data_bring_tokens_of_graph(changes):
    assert verified(GRAPH, rich(keys.token(claims(**changes))), **RICH).items


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "app-2"},
        {"azp": "another"},
        {"iss": "https://evil.example/"},
        {"iss": f"https://sts.windows.net/{TENANT}/.evil.example"},
        {"exp": NOW - 1},
    ],
)
def test_another_token_beside_a_good_one_spoils_the_request(changes):
    request = rich(keys.token(claims()), keys.token(claims(**changes)))
    assert refused(GRAPH, request, **RICH).part in {"token", "time"}


@pytest.mark.parametrize("tokens", [[], ["a.b.c"], [7], ["x"] * 21])
def test_no_token_or_none_that_is_one_is_refused(tokens):
    assert refused(GRAPH, rich(*tokens), **RICH).part == "token"


def test_data_without_tokens_is_refused():
    value = [{"id": "n", "clientState": SECRET, "encryptedContent": {}}]
    request = GRAPH.request(json.dumps({"value": value}).encode())
    assert refused(GRAPH, request, **RICH).part == "token"


def test_without_the_app_s_id_tokens_are_not_believed():
    assert refused(GRAPH, rich(keys.token(claims())), fetch=GMAIL.fetch).part == "secret"
