"""What services ask before they begin: answered once verified, and no event."""

import json
from dataclasses import replace
from urllib.parse import quote

import pytest

from tests.support.webhook_samples import FORM, SECRET, Request, hmac_of
from tests.support.webhook_schemes import SAMPLES, graph_body, refused, verified, with_headers

SLACK, ZOOM, GRAPH = SAMPLES["slack"], SAMPLES["zoom"], SAMPLES["microsoft-graph"]
WOO, GOOGLE = SAMPLES["woocommerce"], SAMPLES["google-push"]
CHALLENGE = b'{"type":"url_verification","challenge":"ch<b>","token":"old"}'
VALIDATION = b'{"event":"endpoint.url_validation","payload":{"plainToken":"pt"},"event_ts":1}'


def test_slack_gets_its_challenge_back():
    found = verified(SLACK, SLACK.request(CHALLENGE))
    assert (list(found.items), found.reply.status, found.reply.body) == ([], 200, b"ch<b>")
    assert found.reply.content_type == "text/plain; charset=utf-8"


def test_a_challenge_that_slack_did_not_sign_is_not_answered():
    assert refused(SLACK, SLACK.request(CHALLENGE, secret="other")).part == "signature"


def test_a_challenge_that_is_no_text_is_an_event_like_others():
    found = verified(SLACK, SLACK.request(b'{"type":"url_verification","challenge":7}'))
    assert [item.type for item in found.items] == ["url_verification"]
    assert found.reply is None


@pytest.mark.parametrize("secret", [SECRET, ZOOM.other])
def test_zoom_gets_its_token_with_the_hmac_of_the_secret_that_signed(secret):
    found = verified(ZOOM, ZOOM.request(VALIDATION, secret), secrets=(SECRET, ZOOM.other))
    expected = {"plainToken": "pt", "encryptedToken": hmac_of(secret.encode(), b"pt").hex()}
    assert (found.items, json.loads(found.reply.body)) == ((), expected)
    assert (found.reply.status, found.reply.content_type) == (200, "application/json")


def test_zoom_s_validation_is_verified_first():
    assert refused(ZOOM, ZOOM.request(VALIDATION, "other")).part == "signature"


@pytest.mark.parametrize("payload", [b"{}", b"[]", b'{"plainToken":7}'])
def test_a_validation_without_its_token_is_refused(payload):
    body = b'{"event":"endpoint.url_validation","payload":' + payload + b"}"
    assert refused(ZOOM, ZOOM.request(body)).part == "body"


@pytest.mark.parametrize("token", ["Validation: Testing client application", "ü<script>&+%"])
def test_graph_gets_its_token_back_decoded(token):
    request = replace(GRAPH.request(b""), url=f"{GRAPH.url}&validationToken={quote(token)}")
    found = verified(GRAPH, request)
    assert (list(found.items), found.reply.body.decode()) == ([], token)
    assert found.reply.content_type == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "query",
    ["validationToken=", "validationToken=a&validationToken=b", "validationToken=%FF",
     "validationToken=" + "x" * 5000],
    ids=["empty", "twice", "no-text", "long"],
)  # fmt: skip
def test_a_token_that_is_none_is_not_sent_back(query):
    request = replace(GRAPH.request(b""), url=f"https://crm.example/x?{query}")
    assert (refused(GRAPH, request).part, refused(GRAPH, request).status) == ("url", 400)


def test_graph_s_foreign_notifications_are_dropped_and_the_state_is_not_kept():
    found = verified(GRAPH, GRAPH.request(graph_body("wrong", SECRET, "", "ü")))
    assert [item.key for item in found.items] == ["s-1:n-1"]
    assert SECRET not in repr(found.items[0].data)


@pytest.mark.parametrize("state", ["wrong", "", SECRET.upper(), SECRET + " "])
def test_graph_without_one_of_ours_is_refused(state):
    assert refused(GRAPH, GRAPH.request(graph_body(state))).part == "token"


def test_graph_tells_of_the_life_of_a_subscription():
    event = {"clientState": SECRET, "subscriptionId": "s", "lifecycleEvent": "missed"}
    [item] = verified(GRAPH, GRAPH.request(json.dumps({"value": [event]}).encode())).items
    assert item.type == "missed"
    assert item.key.startswith("sha256:")


def test_woocommerce_s_ping_is_answered_and_no_event():
    ping = Request(method="POST", url=WOO.url, headers={}, body=b"webhook_id=7")
    found = verified(WOO, ping)
    assert (list(found.items), found.reply.status, found.reply.body) == ([], 200, b"")


@pytest.mark.parametrize("body", [b"webhook_id=", b"webhook_id=7&a=b", b"webhook_id=x", b"\n"])
def test_what_is_not_the_ping_must_be_signed(body):
    assert refused(WOO, Request(method="POST", url=WOO.url, headers={}, body=body)).part == "header"


def test_google_s_first_message_is_no_event():
    found = verified(GOOGLE, with_headers(GOOGLE.request(), x_goog_resource_state=["sync"]))
    assert (list(found.items), found.reply) == ([], None)


@pytest.mark.parametrize("name", ["x-goog-channel-id", "x-goog-resource-id"])
def test_google_s_channel_and_resource_must_be_known(name):
    request = with_headers(GOOGLE.request(), **{name: ["another"]})
    assert refused(GOOGLE, request).part == "token"
    assert refused(GOOGLE, options={}).part == "secret"


def test_google_tells_what_changed_and_not_its_token():
    [item] = verified(GOOGLE).items
    assert item.data["message_number"] == "12"
    assert SECRET not in item.data.values()


def test_slack_s_commands_and_clicks_are_forms():
    command = with_headers(SLACK.request(b"command=%2Fdeal&trigger_id=1"), content_type=[FORM])
    click = with_headers(SLACK.request(b"payload=%7B%22type%22%3A%22x%22%7D"), content_type=[FORM])
    assert [item.type for item in verified(SLACK, command).items] == ["slash_command"]
    assert [item.data for item in verified(SLACK, click).items] == [{"type": "x"}]
