"""The manifest: what is accepted, and that everything else is refused in words that help."""

import io
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from geminicrm.runtime.manifest import (
    ManifestInvalid,
    build_manifest,
    manifest_schema,
    parse_manifest,
    read_identity,
)
from geminicrm.runtime.manifest_model import NetworkEntry, Option, RecordPanel

SCOPES = frozenset({"read:leads", "write:leads", "read:contacts"})
MINIMAL = {
    "id": "my-extension",
    "name": "My Extension",
    "version": "1.0.0",
    "description": "Does things",
    "author": "Your Name",
    "license": "MIT",
    "permissions": ["read:leads", "write:leads", "read:contacts"],
    "entry_point": "extension.py",
    "icon": "icon.png",
    "settings": [
        {"id": "api_key", "type": "password", "label": "API Key", "description": "Your API key"}
    ],
}
FULL = {
    **MINIMAL,
    "$schema": "https://example.com/manifest.schema.json",
    "permissions": ["read:leads"],
    "optional_permissions": ["write:leads"],
    "permission_reasons": {"read:leads": "To show them."},
    "api_version": 1,
    "categories": ["email"],
    "keywords": ["mail"],
    "homepage": "https://example.com",
    "requires": {
        "geminicrm": ">=0.1 <2",
        "extensions": {"sendgrid": "^1.0.0"},
        "python": ["phonenumbers>=9,<10"],
    },
    "settings": [
        *MINIMAL["settings"],
        {"id": "base_url", "type": "url", "label": "Address", "default": "https://a.example"},
        {
            "id": "region",
            "type": "select",
            "label": "Region",
            "required": True,
            "options": ["eu", {"value": "us", "label": "America"}],
            "default": "eu",
            "env": ["MAIL_REGION"],
            "placeholder": "eu",
        },
    ],
    "network": [
        {"host": "api.example.com", "reason": "Sends."},
        {"host": "*.example.com:8443", "reason": "Receives."},
        {"setting": "base_url"},
    ],
    "events": ["lead.*", "deal.won", "*"],
    "hooks": ["collect_panel", "on_event"],
    "provides": ["email"],
    "authentication": {
        "type": "oauth2",
        "settings": ["api_key"],
        "authorization_url": "https://example.com/authorize",
        "token_url": "https://example.com/token",
        "revocation_url": "https://example.com/revoke",
        "scopes": ["mail.send"],
    },
    "ui": {
        "navigation": [{"id": "home", "title": "Mail", "page": "inbox"}],
        "pages": [{"id": "inbox", "title": "Inbox"}],
        "dashboard_widgets": [{"id": "unread", "title": "Unread"}],
        "record_panels": [{"id": "mail", "title": "Mail", "record": "lead"}],
        "record_actions": [{"id": "send", "title": "Send", "record": "lead", "confirm": "Now?"}],
        "custom_fields": [
            {"id": "heat", "label": "Heat", "record": "lead", "type": "select", "options": ["hot"]}
        ],
    },
    "schedules": [{"id": "sync", "cron": "*/5 * * * *", "description": "Fetches."}],
    "inbound_webhooks": [{"id": "delivery", "description": "Reports."}],
    "screenshots": [{"path": "static/one.png", "caption": "One"}],
    "support": "mailto:help@example.com",
    "privacy": "https://example.com/privacy",
    "storage_version": 2,
}
# Stands for "leave the property out".
GONE = object()


def raw(**changes):
    data = {**MINIMAL, **changes}
    return json.dumps({name: value for name, value in data.items() if value is not GONE}).encode()


def findings_of(data, **options):
    with pytest.raises(ManifestInvalid) as caught:
        parse_manifest(data, known_scopes=SCOPES, **options)
    return caught.value.findings


def test_the_schema_is_a_schema_and_closed_everywhere():
    Draft202012Validator.check_schema(manifest_schema())
    assert list(open_objects(manifest_schema())) == []
    assert "/1.0.0/" in manifest_schema()["$id"]


def open_objects(schema, place=""):
    inner = schema.items() if isinstance(schema, dict) else enumerate(schema)
    deeper = [(name, value) for name, value in inner if isinstance(value, dict | list)]
    closed = "additionalProperties" in schema or "properties" not in schema
    yield from [place] * ("type" in schema and not closed)
    for name, value in deeper:
        yield from open_objects(value, f"{place}/{name}")


def test_patterns_have_a_length():
    texts = [one for one in nodes(manifest_schema()) if "pattern" in one]
    assert texts
    assert [one for one in texts if not isinstance(one["maxLength"], int)] == []


def nodes(schema):
    inner = schema.values() if isinstance(schema, dict) else schema
    yield from [schema] * isinstance(schema, dict)
    for value in inner:
        yield from nodes(value) if isinstance(value, dict | list) else ()


def test_the_minimal_manifest_is_accepted_exactly():
    manifest = parse_manifest(raw(), known_scopes=SCOPES)
    assert manifest.source == MINIMAL
    assert (manifest.id, manifest.version, manifest.icon) == ("my-extension", "1.0.0", "icon.png")
    assert manifest.permissions == ("read:leads", "write:leads", "read:contacts")
    assert (manifest.api_version, manifest.storage_version) == (1, 1)
    assert (manifest.hooks, manifest.authentication, manifest.homepage) == (None, None, None)
    [setting] = manifest.settings
    assert (setting.id, setting.secret, setting.required, setting.default) == (
        "api_key",
        True,
        False,
        None,
    )


@pytest.mark.parametrize("name", ["icon", "settings", "permissions"])
def test_what_an_extension_may_do_without(name):
    assert parse_manifest(raw(**{name: GONE}), known_scopes=SCOPES).id == "my-extension"


def test_the_full_manifest():
    manifest = parse_manifest(json.dumps(FULL).encode(), known_scopes=SCOPES)
    assert manifest.network == (
        NetworkEntry("api.example.com", None, "Sends."),
        NetworkEntry("*.example.com:8443", None, "Receives."),
        NetworkEntry(None, "base_url", ""),
    )
    assert manifest.settings[2].options == (Option("eu", "eu"), Option("us", "America"))
    assert manifest.ui.record_panels == (RecordPanel("mail", "Mail", "lead"),)
    assert manifest.ui.record_actions[0].confirm == "Now?"
    assert manifest.ui.custom_fields[0].options == ("hot",)
    assert manifest.requires.extensions == {"sendgrid": "^1.0.0"}
    assert manifest.authentication.token_url == "https://example.com/token"
    assert manifest.schedules[0].cron == "*/5 * * * *"


def test_the_full_manifest_uses_every_property():
    assert set(FULL) == set(manifest_schema()["properties"])


def test_a_stored_manifest_comes_back():
    manifest = parse_manifest(json.dumps(FULL).encode(), known_scopes=SCOPES)
    assert build_manifest(json.loads(json.dumps(manifest.source))) == manifest


@pytest.mark.parametrize(
    ("changes", "pointer", "code", "words"),
    [
        ({"entrypoint": "x"}, "/entrypoint", "unknown_property", 'Did you mean "entry_point"?'),
        ({"zzz": 1}, "/zzz", "unknown_property", "Known are: $schema, api_version"),
        ({"name": GONE}, "/name", "missing_property", 'Example: "My extension".'),
        ({"version": GONE}, "/version", "missing_property", 'Example: "1.0.0".'),
        ({"version": "1.0"}, "/version", "wrong_form", '"1.0" does not fit. A semantic version'),
        ({"version": "1.0.0\n"}, "/version", "wrong_form", 'Example: "1.0.0"'),
        ({"id": "My_Extension"}, "/id", "wrong_form", 'Example: "my-extension"'),
        ({"id": "my-extension\n"}, "/id", "wrong_form", "my-extension"),
        ({"id": "x" * 65}, "/id", "wrong_size", "64 characters are allowed"),
        ({"name": ""}, "/name", "wrong_size", "must not be empty"),
        ({"name": 3}, "/name", "wrong_type", "3 must be a string."),
        ({"permissions": "read:leads"}, "/permissions", "wrong_type", "must be a list"),
        ({"permissions": ["read:leads"] * 2}, "/permissions", "repeated", "remove one"),
        ({"keywords": ["a"] * 21}, "/keywords", "repeated", "twice"),
        (
            {"keywords": list("abcdefghijklmnopqrstuvw")},
            "/keywords",
            "wrong_size",
            "20 are allowed",
        ),
        ({"storage_version": 0}, "/storage_version", "wrong_size", "1 is the least"),
        ({"storage_version": 10**7}, "/storage_version", "wrong_size", "1000000 is the most"),
        ({"storage_version": True}, "/storage_version", "wrong_type", "whole number"),
        ({"api_version": "1"}, "/api_version", "wrong_type", '"1" must be a whole number'),
        ({"api_version": 0}, "/api_version", "wrong_size", "1 is the least"),
        ({"homepage": "http://example.com"}, "/homepage", "wrong_form", "https"),
        ({"support": "help"}, "/support", "wrong_form", "mailto"),
        ({"network": [{"host": "a.example"}]}, "/network/0", "wrong_form", "host and reason"),
        (
            {"network": [{"host": "https://a.example", "reason": "x"}]},
            "/network/0/host",
            "wrong_form",
            "A host name",
        ),
        (
            {"settings": [{"id": "a", "type": "pasword", "label": "A"}]},
            "/settings/0/type",
            "not_a_choice",
            'Did you mean "password"?',
        ),
        (
            {"settings": [{"id": "a", "type": "text", "label": "A", "default": []}]},
            "/settings/0/default",
            "wrong_type",
            "a string or a number or true or false",
        ),
        ({"ui": {"panels": []}}, "/ui/panels", "unknown_property", "Did you mean"),
        ({"events": ["Lead Created"]}, "/events/0", "wrong_form", 'Example: "lead.*"'),
        (
            {"requires": {"extensions": {"Bad Id": "*"}}},
            "/requires/extensions",
            "wrong_form",
            "my-extension",
        ),
    ],
)
def test_the_schema_speaks_in_words(changes, pointer, code, words):
    found = [one for one in findings_of(raw(**changes)) if one.pointer == pointer]
    assert code in [one.code for one in found]
    assert words in " ".join(one.message for one in found)


def test_all_findings_come_together():
    data = raw(version="1", entrypoint="x", icon="../x", permissions=["read:lead"], hooks=["on_x"])
    assert [one.pointer for one in findings_of(data)] == [
        "/entrypoint",
        "/version",
        "/permissions/0",
        "/hooks/0",
        "/icon",
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{,}", "not_json"),
        (b"\xff", "not_utf8"),
        (b'{"a": NaN}', "not_json"),
        (b"[" * 99_999, "too_deep"),
        (b" " * 10_000_000, "too_large"),
        (b"[]", "wrong_type"),
        (b'"x"', "wrong_type"),
        (b"null", "wrong_type"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_is_no_manifest_at_all(data, code):
    assert [one.code for one in findings_of(data)] == [code]


def test_duplicate_keys_are_told_with_the_rest():
    data = raw(version="1").replace(b'"author"', b'"name": "B", "author"')
    assert [one.code for one in findings_of(data)] == ["duplicate_key", "wrong_form"]


def test_a_newer_api_version_asks_for_a_newer_core():
    [found] = findings_of(raw(api_version=2, brand_new=True, version=3))
    assert (found.pointer, found.code) == ("/api_version", "needs_newer_core")
    assert "needs a newer core" in found.message


def test_another_core_is_asked_for_before_anything_else():
    data = raw(requires={"geminicrm": ">=3"}, brand_new=True)
    [found] = findings_of(data, core_version="1.4.0")
    assert (found.pointer, found.code) == ("/requires/geminicrm", "needs_other_core")


@pytest.mark.parametrize("requires", [{"geminicrm": "^1.0.0"}, {}, GONE])
def test_the_right_core_passes(requires):
    data = raw(requires=requires)
    assert parse_manifest(data, known_scopes=SCOPES, core_version="1.4.0").id == "my-extension"


@pytest.mark.parametrize("requires", [{"geminicrm": "foo"}, {"geminicrm": 3}, []])
def test_a_wrong_range_is_not_for_want_of_another_core(requires):
    codes = [one.code for one in findings_of(raw(requires=requires), core_version="1.4.0")]
    assert "needs_other_core" not in codes


def test_read_identity_looks_at_nothing_else():
    identity = read_identity(b'{"id": "a-b", "version": "1.2.3", "whatever": 1}')
    assert (identity.id, identity.version) == ("a-b", "1.2.3")


@pytest.mark.parametrize("data", [b"[]", b"{", b'{"id": "a"}', b'{"id": 1, "version": "1.0.0"}'])
def test_read_identity_refuses(data):
    with pytest.raises(ManifestInvalid):
        read_identity(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"keywords": [{"a": number} for number in range(15_000)]},
        {"keywords": ["a", {"a": 1}]},
        {f"key{number}": 1 for number in range(15_000)},
        {"permissions": [f"read:{number}" for number in range(15_000)]},
        {"network": [{"host": "a" * 200_000 + "!", "reason": "x"}]},
        {"requires": {"python": ["a" * 200_000 + "!"], "geminicrm": ">" * 50_000}},
        {"permission_reasons": {f"read:x{number}": "" for number in range(9_000)}},
    ],
    ids=range(7),
)
def test_hostile_manifests_cost_little(changes):
    started = time.process_time()
    found = findings_of(raw(**changes))
    assert time.process_time() - started < 3
    assert len(found) < 1_000
    assert max(len(one.message) for one in found) < 1_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(FULL)), JSON, min_size=1, max_size=4))
def test_any_values_give_a_manifest_or_findings(changes):
    outcome = io.StringIO()
    try:
        outcome.write(parse_manifest(json.dumps(FULL | changes).encode(), known_scopes=SCOPES).id)
    except ManifestInvalid as error:
        outcome.write(error.findings[0].message)
    assert outcome.getvalue()


@given(st.data())
def test_values_deep_inside_give_a_manifest_or_findings(data):
    changed = json.loads(json.dumps(FULL))
    name = data.draw(st.sampled_from(["settings", "network", "ui", "requires", "authentication"]))
    inside = changed[name][0] if isinstance(changed[name], list) else changed[name]
    inside[data.draw(st.sampled_from(sorted(inside)))] = data.draw(JSON)
    outcome = io.StringIO()
    try:
        outcome.write(parse_manifest(json.dumps(changed).encode(), known_scopes=SCOPES).id)
    except ManifestInvalid as error:
        outcome.write(error.findings[0].message)
    assert outcome.getvalue()


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_with_findings(data):
    assert findings_of(data)
