"""Schemas of events: what is accepted is a schema of 2020-12, and nothing takes long."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from geminicrm.runtime.event_schema import (
    KEYWORDS,
    MAX_LEVELS,
    MAX_PARTS,
    MAX_STEPS,
    data_findings,
    parts_of,
    schema_findings,
)

EVERYTHING: dict[str, Any] = {
    "title": "Order",
    "description": "An order.",
    "$comment": "All keywords.",
    "type": "object",
    "required": ["total"],
    "minProperties": 1,
    "maxProperties": 20,
    "additionalProperties": False,
    "properties": {
        "total": {"$ref": "#/$defs/money"},
        "name": {"type": ["string", "null"], "minLength": 1, "maxLength": 9, "format": "email"},
        "kind": {"enum": ["a", {"b": 1}, None], "default": "a", "examples": ["a"]},
        "same": {"const": [1], "deprecated": True},
        "some": {"type": "array", "minItems": 0, "maxItems": 3, "items": {"not": {"const": 0}}},
        "pair": {"prefixItems": [True, {"type": "integer", "minimum": 0, "maximum": 9}]},
        "any": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "one": {"oneOf": [{"type": "string"}, {"type": "null"}]},
        "all": {"allOf": [{"exclusiveMinimum": 0}, {"exclusiveMaximum": 9.5}]},
        "$ref": {"type": "string"},
    },
    "$defs": {"money": {"type": "number"}},
}


def codes(schema: Any) -> list[tuple[str, str]]:
    return [(one.pointer, one.code) for one in schema_findings(schema, "/s")]


def nested(depth: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(depth):
        inner = {"items": inner}
    return {"type": "object", "properties": {"x": inner}}


def doubling(times: int) -> dict[str, Any]:
    """Give a short schema that is long once its references are followed."""
    each = {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(times)}
    return {"type": "object", "$ref": "#/$defs/d0", "$defs": {**each, f"d{times}": {}}}


def test_what_is_accepted_is_a_schema_of_2020_12():
    assert codes(EVERYTHING) == []
    Draft202012Validator.check_schema(EVERYTHING)


def test_every_keyword_is_in_the_schema_that_has_everything():
    text = repr(EVERYTHING)
    assert [name for name in sorted(KEYWORDS) if f"'{name}'" not in text] == []


@pytest.mark.parametrize(
    ("part", "pointer", "code"),
    [
        ({"pattern": "(a+)+$"}, "/pattern", "unknown_keyword"),
        ({"patternProperties": {"(a+)+$": {}}}, "/patternProperties", "unknown_keyword"),
        ({"uniqueItems": True}, "/uniqueItems", "unknown_keyword"),
        ({"unevaluatedProperties": False}, "/unevaluatedProperties", "unknown_keyword"),
        ({"$id": "https://evil.example/"}, "/$id", "unknown_keyword"),
        ({"$dynamicRef": "#a"}, "/$dynamicRef", "unknown_keyword"),
        ({"$defs": {}}, "/$defs", "unknown_keyword"),
        ({"$ref": "https://evil.example/schema"}, "/$ref", "reference_outside"),
        ({"$ref": "#"}, "/$ref", "reference_outside"),
        ({"$ref": "#/properties/x"}, "/$ref", "reference_outside"),
        ({"$ref": "file:///etc/passwd#/$defs/a"}, "/$ref", "reference_outside"),
        ({"$ref": 3}, "/$ref", "reference_outside"),
        ({"$ref": "#/$defs/gone"}, "/$ref", "unknown_reference"),
        ({"anyOf": [{"$ref": "#/$defs/gone"}]}, "/anyOf/0/$ref", "unknown_reference"),
        ({"items": {"$ref": "#/$defs/gone"}}, "/items/$ref", "unknown_reference"),
        ({"type": "text"}, "/type", "wrong_schema"),
        ({"type": []}, "/type", "wrong_schema"),
        ({"type": [{}]}, "/type", "wrong_schema"),
        ({"type": ["string", "string"]}, "/type", "wrong_schema"),
        ({"required": "x"}, "/required", "wrong_schema"),
        ({"required": ["x", "x"]}, "/required", "wrong_schema"),
        ({"required": [{}]}, "/required", "wrong_schema"),
        ({"properties": []}, "/properties", "wrong_schema"),
        ({"properties": {"a/b": 3}}, "/properties/a~1b", "wrong_schema"),
        ({"items": [{}]}, "/items", "wrong_schema"),
        ({"allOf": []}, "/allOf", "wrong_schema"),
        ({"oneOf": [3]}, "/oneOf/0", "wrong_schema"),
        ({"enum": "a"}, "/enum", "wrong_schema"),
        ({"title": 3}, "/title", "wrong_schema"),
        ({"deprecated": "yes"}, "/deprecated", "wrong_schema"),
        ({"minimum": "1"}, "/minimum", "wrong_schema"),
        ({"maximum": True}, "/maximum", "wrong_schema"),
        ({"minLength": -1}, "/minLength", "wrong_schema"),
        ({"maxItems": 1.5}, "/maxItems", "wrong_schema"),
    ],
)
def test_what_is_refused(part: dict[str, Any], pointer: str, code: str):
    schema = {"type": "object", "properties": {"x": part}}
    assert codes(schema) == [(f"/s/properties/x{pointer}", code)]


@pytest.mark.parametrize("given", [None, "string", ["object"]])
def test_data_is_an_object(given: Any):
    assert codes({"type": given})[-1] == ("/s/type", "not_an_object")


def test_the_nearest_keyword_is_suggested():
    (found,) = schema_findings({"type": "object", "propertiesx": {}}, "/s")
    assert found.message.endswith('Did you mean "properties"?')


@pytest.mark.parametrize(
    "schema",
    [
        doubling(20),
        {"type": "object", "$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"type": "object", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
        nested(MAX_LEVELS),
        {"type": "object", "properties": {f"p{at}": {} for at in range(MAX_PARTS)}},
    ],
    ids=["doubling", "circle", "circle below", "deep", "many"],
)
def test_what_would_be_long_or_endless_is_refused(schema: dict[str, Any]):
    assert codes(schema) == [("/s", "too_large")]


def test_a_thousand_wrong_places_are_not_all_told():
    schema = {"type": "object", "properties": {f"p{at}": 3 for at in range(1000)}}
    assert len(codes(schema)) == 20


@pytest.mark.parametrize(
    ("data", "pointer", "words"),
    [
        ({"name": "a"}, "/d", "'total' is a required property"),
        ({"total": "x"}, "/d/total", "not of type 'number'"),
        ({"total": 1, "x": 1}, "/d", "'x' was unexpected"),
        ({"total": 1, "some": [1, 0]}, "/d/some/1", "should not be valid"),
        ({"total": 1, "name": "x" * 5_000}, "/d/name", "xxx..."),
    ],
)
def test_what_does_not_fit(data: Any, pointer: str, words: str):
    (found,) = data_findings(EVERYTHING, data, "/d")
    assert (found.pointer, found.code) == (pointer, "does_not_fit")
    assert words in found.message
    assert len(found.message) < 400


def test_what_fits():
    data = {"total": 1.5, "some": [1], "pair": ["a", 1], "any": None, "all": 3, "$ref": "a"}
    assert data_findings(EVERYTHING, data, "/d") == []


def test_a_large_schema_takes_little_data():
    many = {"anyOf": [{"type": "null"}] * 90}
    schema = {"type": "object", "properties": {"x": {"type": "array", "items": many}}}
    assert codes(schema) == []
    (found,) = data_findings(schema, {"x": ["a"] * (MAX_STEPS // parts_of(schema))}, "/d")
    assert (found.pointer, found.code) == ("/d", "too_large")
