"""Which capabilities a manifest may declare, provide and ask to use."""

import json
from typing import Any

import pytest

from geminicrm.identity.permissions import EXTENSION_SCOPES
from geminicrm.runtime.manifest import ManifestInvalid, parse_manifest
from geminicrm.runtime.manifest_capabilities import MAX_NAME, capability_findings
from geminicrm.runtime.manifest_events import MAX_SCHEMA_BYTES
from geminicrm.runtime.manifest_model import OwnCapability, OwnOperation
from tests.support.capability_pair import FORECAST, TYPE, USE
from tests.support.manifests import MINIMAL

LOOK = TYPE["operations"][0]


def found(types: Any, **changes: Any) -> list[tuple[str, str]]:
    data = {"id": "my-extension", "capability_types": types, **changes}
    return [(one.pointer, one.code) for one in capability_findings(data)]


def parsed(**changes: Any) -> Any:
    raw = json.dumps({**MINIMAL, **changes}).encode()
    return parse_manifest(raw, known_scopes=EXTENSION_SCOPES)


def one_with(**changes: Any) -> list[dict[str, Any]]:
    """Give a type whose first operation is changed."""
    return [{**TYPE, "operations": [{**LOOK, **changes}]}]


def test_types_are_read():
    manifest = parsed(capability_types=[TYPE], provides=["my-extension.forecast", FORECAST])
    operations = tuple(OwnOperation(**one) for one in TYPE["operations"])
    (own,) = manifest.capability_types
    assert own == OwnCapability("forecast", "Weather of the days to come.", operations)
    assert manifest.provides == ("my-extension.forecast", FORECAST)
    assert parsed().capability_types == ()


def test_names_are_given_once():
    assert found([TYPE, TYPE]) == [("/capability_types/1/name", "repeated")]
    twice = [{**TYPE, "operations": [LOOK, LOOK]}]
    assert found(twice) == [("/capability_types/0/operations/1/name", "repeated")]


def test_a_whole_name_makes_a_permission():
    fits = MAX_NAME - len("my-extension.")
    assert found([{**TYPE, "name": "n" * fits}]) == []
    assert found([{**TYPE, "name": "n" * (fits + 1)}]) == [
        ("/capability_types/0/name", "wrong_size")
    ]


def test_what_it_provides_of_its_own_is_declared():
    given = ["email", FORECAST, "my-extension.forecast", "my-extension.forecasts"]
    assert found([TYPE], provides=given) == [("/provides/3", "not_declared")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"arguments": {"type": "string"}}, ("/arguments/type", "not_an_object")),
        (
            {"arguments": {"type": "object", "pattern": "a"}},
            ("/arguments/pattern", "unknown_keyword"),
        ),
        ({"result": {"$ref": "https://x"}}, ("/result/$ref", "reference_outside")),
        ({"result": {"const": "x" * MAX_SCHEMA_BYTES}}, ("/result", "too_large")),
    ],
)
def test_schemas_are_of_the_quick_kind(change: dict[str, Any], expected: tuple[str, str]):
    where, code = expected
    assert found(one_with(**change)) == [(f"/capability_types/0/operations/0{where}", code)]


@pytest.mark.parametrize("result", [{}, {"type": "null"}, {"type": ["string", "null"]}])
def test_a_result_may_be_anything(result: dict[str, Any]):
    assert found(one_with(result=result)) == []


@pytest.mark.parametrize("scope", ["use:email", "use:payments", USE])
def test_the_use_of_a_capability_may_be_asked_for(scope: str):
    assert scope in parsed(optional_permissions=[scope]).optional_permissions


@pytest.mark.parametrize(
    "scope",
    ["use:connection", "use:identity", "use:extensions", "use:a.b.c", "use:.x", "read:desk.x"],
)
def test_other_uses_may_not(scope: str):
    with pytest.raises(ManifestInvalid):
        parsed(optional_permissions=[scope])


@pytest.mark.parametrize("name", ["a.b.c", "Email", ".x", "x.", "weather-desk.fore-cast"])
def test_names_that_are_no_capability(name: str):
    with pytest.raises(ManifestInvalid):
        parsed(provides=[name])
