"""What a manifest may say of webhooks that come in."""

import json

import pytest

from geminicrm.runtime.manifest import ManifestInvalid, parse_manifest
from geminicrm.webhooks.incoming.entry import MOST_BYTES
from tests.support.manifests import MINIMAL, SCOPES

SECRET = {"id": "signing", "type": "password", "label": "Signing secret"}
PLAIN = {"id": "audience", "type": "text", "label": "Audience"}
HOOK = {"id": "events", "scheme": "stripe", "secrets": ["signing"]}
WAY = [{"type": "bearer", "settings": ["signing"]}]


def parsed(*hooks, **changes):
    facts = {"settings": [SECRET, PLAIN], "authentication": WAY, "inbound_webhooks": list(hooks)}
    raw = json.dumps({**MINIMAL, **facts, **changes}).encode()
    return parse_manifest(raw, known_scopes=SCOPES)


def test_an_entry_is_read_with_its_defaults():
    (entry,) = parsed(HOOK).taken_webhooks
    assert (entry.scheme, entry.secrets, entry.max_bytes) == ("stripe", ("signing",), MOST_BYTES)
    assert (entry.options, entry.option_settings, entry.account) == ({}, {}, "")


def test_an_entry_is_read_whole():
    more = {"options": {"a": "b"}, "option_settings": {"c": "audience"}, "max_bytes": 26214400}
    (entry,) = parsed({**HOOK, **more, "account": "team.id"}).taken_webhooks
    assert (entry.options, entry.option_settings) == ({"a": "b"}, {"c": "audience"})
    assert (entry.max_bytes, entry.account) == (26214400, "team.id")


def test_one_without_a_scheme_is_told_and_not_taken():
    manifest = parsed({"id": "events", "description": "Told."})
    assert (len(manifest.inbound_webhooks), manifest.taken_webhooks) == (1, ())


@pytest.mark.parametrize(
    ("hook", "pointer", "code"),
    [
        ({**HOOK, "scheme": "strip"}, "/scheme", "unknown_scheme"),
        ({**HOOK, "secrets": []}, "/secrets", "missing_property"),
        ({**HOOK, "secrets": ["signin"]}, "/secrets/0", "unknown_setting"),
        ({**HOOK, "secrets": ["audience"]}, "/secrets/0", "not_a_secret"),
        ({**HOOK, "option_settings": {"a": "x"}}, "/option_settings/a", "unknown_setting"),
        ({**HOOK, "max_bytes": 26214401}, "/max_bytes", "wrong_size"),
        ({**HOOK, "account": "a..b"}, "/account", "wrong_form"),
        ({**HOOK, "kind": "stripe"}, "/kind", "unknown_property"),
        ({**HOOK, "secrets": "signing"}, "/secrets", "wrong_type"),
    ],
)
def test_what_is_wrong_is_named(hook, pointer, code):
    with pytest.raises(ManifestInvalid) as caught:
        parsed(hook)
    found = [(one.pointer, one.code) for one in caught.value.findings]
    assert found == [(f"/inbound_webhooks/0{pointer}", code)]


def test_the_nearest_scheme_is_named():
    with pytest.raises(ManifestInvalid) as caught:
        parsed({**HOOK, "scheme": "strip"})
    assert 'Did you mean "stripe"?' in caught.value.findings[0].message


def test_only_an_integration_receives():
    with pytest.raises(ManifestInvalid) as caught:
        parsed(HOOK, authentication=[])
    assert "no_integration" in [one.code for one in caught.value.findings]
