"""The manifest: what is accepted, and that everything else is refused in words that help."""

import json

import pytest
from jsonschema import Draft202012Validator

from geminicrm.runtime.manifest import (
    ManifestInvalid,
    build_manifest,
    manifest_schema,
    parse_manifest,
    read_identity,
)
from geminicrm.runtime.manifest_model import NetworkEntry, Option, RecordPanel
from tests.support.manifests import FULL, MINIMAL, SCOPES

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
    assert (manifest.hooks, manifest.authentication, manifest.homepage) == (None, (), None)
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
    assert manifest.authentication[0].token_url == "https://example.com/token"
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
            {"settings": [{"id": "a", "type": "passwrd", "label": "A"}]},
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
