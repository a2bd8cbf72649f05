"""Values of settings against their declarations."""

import pytest

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.runtime.manifest_model import Option, Setting
from geminicrm.runtime.settings_check import (
    default_findings,
    setting_defaults,
    validate_settings,
)

ALL = ("text", "password", "textarea", "number", "integer", "boolean", "select", "email", "url")


def setting(kind, name=None, **changes):
    options = (Option("eu", "Europe"),) if kind == "select" else ()
    fields = {"description": "", "required": False, "default": None, "env": (), "placeholder": ""}
    named = {"id": name or kind, "type": kind, "label": kind.capitalize(), "options": options}
    return Setting(**{**fields, **named, **changes})


SETTINGS = [setting(kind) for kind in ALL]


def findings_of(values, settings=SETTINGS, **options):
    with pytest.raises(ValidationFailed) as caught:
        validate_settings(settings, values, **options)
    return [(found.pointer, found.code) for found in caught.value.findings]


def test_right_values_pass_with_secrets_apart():
    values = {
        "text": "x",
        "password": "s3cret",
        "textarea": "a\nb",
        "number": 1.5,
        "integer": 3,
        "boolean": False,
        "select": "eu",
        "email": "ada@example.com",
        "url": "https://api.example.com:8443/v1?x=1",
    }
    checked = validate_settings(SETTINGS, values)
    assert checked.secrets == {"password": "s3cret"}
    assert checked.plain == {name: value for name, value in values.items() if name != "password"}


@pytest.mark.parametrize(
    "values", [{}, {"text": None, "password": None}, {"email": "", "url": ""}, {"number": 2}]
)
def test_empty_and_partial_values_pass(values):
    checked = validate_settings(SETTINGS, values)
    assert {**checked.plain, **checked.secrets} == values


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", 3),
        ("text", "a\nb"),
        ("text", "x" * 20_001),
        ("text", "\x00"),
        ("password", ["x"]),
        ("textarea", "\ud800"),
        ("number", "3"),
        ("number", float("nan")),
        ("number", float("inf")),
        ("number", True),
        ("integer", 1.5),
        ("integer", True),
        ("integer", 2**60),
        ("boolean", "true"),
        ("boolean", 1),
        ("select", "us"),
        ("select", []),
        ("email", "ada"),
        ("email", "a@b\nBcc: c@d"),
        ("email", "a@b, c@d"),
        ("url", "ftp://x"),
        ("url", "javascript:alert(1)"),
        ("url", "https://a b"),
        ("url", []),
    ],
    ids=range(24),
)
def test_a_wrong_value_is_found(name, value):
    assert findings_of({name: value}) == [(f"/{name}", "wrong_value")]


def test_every_wrong_and_unknown_setting_is_named():
    values = {"text": 1, "number": "x", "txt": "y", "a/b": 1}
    assert findings_of(values) == [
        ("/txt", "unknown_setting"),
        ("/a~1b", "unknown_setting"),
        ("/text", "wrong_value"),
        ("/number", "wrong_value"),
    ]


def test_a_finding_never_repeats_a_secret():
    with pytest.raises(ValidationFailed) as caught:
        validate_settings(SETTINGS, {"password": ["s3cret"]})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("values", [{}, {"text": None}, {"text": ""}])
def test_required_settings_are_asked_for(values):
    needed = [setting("text", required=True), setting("url", required=True, default="https://a")]
    assert findings_of(values, needed, check_required=True) == [("/text", "missing_setting")]
    assert validate_settings(needed, values).plain == values


def test_a_wrong_required_value_is_wrong_and_not_missing():
    needed = [setting("text", required=True)]
    assert findings_of({"text": []}, needed, check_required=True) == [("/text", "wrong_value")]


def test_defaults():
    settings = [setting("text", default="x"), setting("boolean", default=False), setting("url")]
    assert setting_defaults(settings) == {"text": "x", "boolean": False}
    assert default_findings(settings) == []


def test_declarations_that_do_not_fit():
    settings = [
        setting("select", options=()),
        setting("password", default="x"),
        setting("number", default="x"),
        setting("select", "region", default="us"),
    ]
    assert [(found.pointer, found.code) for found in default_findings(settings)] == [
        ("/settings/0/options", "missing_property"),
        ("/settings/1/default", "secret_default"),
        ("/settings/2/default", "wrong_value"),
        ("/settings/3/default", "wrong_value"),
    ]


def test_without_settings_the_list_of_known_ones_is_empty():
    with pytest.raises(ValidationFailed, match="Known are: none"):
        validate_settings([], {"x": 1})
