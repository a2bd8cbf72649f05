"""Whether a service can be reached, stage by stage."""

from dataclasses import replace

import pytest

from geminicrm.connections.diagnosis import Diagnosis, Place, place_of
from geminicrm.connections.services import Field, Service
from geminicrm.kernel.http import AddressGuard
from geminicrm.runtime.manifest_build import build_manifest
from tests.support.manifests import MINIMAL
from tests.support.ports import free_port


def field(name, **changes):
    plain = Field(
        id=name,
        type="text",
        label=name,
        description="",
        required=False,
        secret=False,
        default=None,
        options=(),
        env=(),
        placeholder="",
        injected=False,
    )
    return replace(plain, **changes)


def service(*hosts, fields=("host", "port", "base_url"), named=("host", "base_url")):
    return Service(
        installation_id="ins_1",
        workspace_id="ws_1",
        extension_id="post",
        name="Post",
        enabled=True,
        provides=(),
        fields=tuple(field(one) for one in fields),
        ways=(),
        limits=(),
        host_fields=frozenset(named),
        hosts=hosts,
    )


def test_which_host_of_a_mail_integration_is_meant_only_that_knows():
    mail = build_manifest({**MINIMAL, "authentication": [{"type": "mail"}]}).authentication
    assert place_of(replace(service("smtp.example:587"), ways=mail), {}) is None


def stages(place, **names):
    guard = AddressGuard(["127.0.0.0/8"], lambda host, _port: names[host.partition(".")[0]])
    return [(one.name, one.ok, one.detail) for one in Diagnosis(guard).stages(place)]


@pytest.mark.parametrize(
    ("plain", "place"),
    [
        ({"base_url": "https://a.example/v1"}, Place("https://a.example/v1")),
        ({"base_url": "https://a.example", "host": "b.example"}, Place("https://a.example")),
        ({"host": "b.example", "port": 587}, Place("http://b.example/", 587)),
        ({"host": "b.example:25"}, Place("http://b.example/", 25)),
        ({"host": "b.example"}, Place("https://b.example/")),
        ({"host": "b.example", "port": 70_000}, Place("http://b.example:70000/")),
        ({"base_url": "smtp://b.example:2525"}, Place("http://b.example/", 2525)),
        ({"base_url": "smtps://me@b.example"}, Place("http://b.example/", 465)),
        ({}, Place("https://api.example/")),
    ],
)
def test_where_a_service_is(plain, place):
    assert place_of(service("*.wide.example", "api.example"), plain) == place


def test_a_service_that_may_be_anywhere_is_asked_nowhere():
    assert place_of(service("*.wide.example"), {}) is None


def test_a_service_that_is_there(outside):
    found = stages(Place(outside.url))
    assert [(name, ok) for name, ok, _ in found] == [("resolve", True), ("connect", True)]
    assert outside.calls == []
    found = stages(Place("http://post.example/", outside.port), post=["127.0.0.1"])
    assert [ok for _, ok, _ in found] == [True, True]
    assert found[0][2] == "post.example is 127.0.0.1."


@pytest.mark.parametrize(
    ("url", "stage", "hint"),
    [
        ("http://nobody.example", "resolve", "Check its spelling and DNS"),
        ("http://inside.example", "resolve", "GEMINICRM_EGRESS_ALLOW"),
        ("http://127.0.0.1:{closed}", "connect", "accepts no connection"),
        ("https://127.0.0.1:{open}", "tls", "No TLS connection"),
    ],
)
def test_where_the_way_there_ends(outside, url, stage, hint):
    text = url.format(closed=free_port(), open=outside.port)
    *before, last = stages(Place(text), nobody=[], inside=["10.0.0.1"])
    assert all(ok for _, ok, _ in before)
    assert last[:2] == (stage, False)
    assert hint in last[2]
