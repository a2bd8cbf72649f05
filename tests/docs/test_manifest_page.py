"""docs/manifest.md says of every property what the schema says, and its samples are accepted."""

import json
import re
from pathlib import Path

import pytest

from extensions.sdk.api_version import CURRENT_API_VERSION
from geminicrm.identity.permissions import SCOPES
from geminicrm.runtime.manifest import manifest_schema, parse_manifest

PAGE = (Path(__file__).parents[2] / "docs" / "manifest.md").read_text("utf-8")
KINDS = {
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
}
# Places in the schema that hold objects with properties, by the heading on the page.
UI = "$defs/ui/properties"
PLACES = {
    "The whole": "",
    "settings": "$defs/setting",
    "requires": "properties/requires",
    "network": "$defs/networkEntry",
    "authentication": "$defs/authentication",
    "authentication.inject": "$defs/injection",
    "limits": "$defs/limit",
    "ui": "$defs/ui",
    "ui.navigation": f"{UI}/navigation/items",
    "ui.dashboard_widgets": f"{UI}/dashboard_widgets/items",
    "ui.record_panels": f"{UI}/record_panels/items",
    "ui.record_actions": f"{UI}/record_actions/items",
    "ui.pages": f"{UI}/pages/items",
    "ui.custom_fields": f"{UI}/custom_fields/items",
    "schedules": "$defs/schedule",
    "event_types": "$defs/eventType",
    "capability_types": "$defs/capabilityType",
    "capability_types.operations": "$defs/capabilityOperation",
    "inbound_webhooks": "$defs/inboundWebhook",
    "screenshots": "$defs/screenshot",
}


def at(place):
    schema = manifest_schema()
    for step in filter(None, place.split("/")):
        schema = schema[step]
    return schema


def resolved(schema):
    name = schema.get("$ref", "").rpartition("/")[2]
    return {**manifest_schema()["$defs"].get(name, {}), **schema}


def kind(schema):
    types = schema.get("type", "string")
    names = [types] if isinstance(types, str) else types
    words = " or ".join(KINDS.get(name, name) for name in names)
    return f"one of {', '.join(schema['enum'])}" if "enum" in schema else words


def rows(place):
    schema = at(place)
    required = schema.get("required", [])
    for name, given in schema["properties"].items():
        one = resolved(given)
        needed = "yes" if name in required else ""
        yield f"| `{name}` | {kind(one)} | {needed} | {one['description']} |"


@pytest.mark.parametrize("heading", PLACES)
def test_the_table_is_what_the_schema_says(heading):
    pattern = rf"(?ms)^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)"
    section = re.search(pattern, PAGE)[1]
    table = [line for line in section.splitlines() if line.startswith("| `")]
    assert table == list(rows(PLACES[heading]))


def test_every_object_of_the_schema_has_a_table():
    assert len(re.findall(r"^\| property \|", PAGE, re.MULTILINE)) == len(PLACES)
    assert sum("properties" in one for one in objects(manifest_schema())) == len(PLACES) + 1


def objects(schema):
    # One more than there are tables: the option of a select, told in its row.
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield schema
    inner = schema.values() if isinstance(schema, dict) else schema
    for value in inner:
        yield from objects(value) if isinstance(value, dict | list) else ()


@pytest.mark.parametrize("sample", re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL), ids=range(2))
def test_samples_are_accepted(sample):
    manifest = parse_manifest(sample.encode(), known_scopes=SCOPES)
    assert manifest.api_version == CURRENT_API_VERSION
    assert manifest.source == json.loads(sample)


def test_the_address_of_the_schema_is_given():
    assert manifest_schema()["$id"] in PAGE
