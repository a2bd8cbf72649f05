"""What a manifest may announce."""

import json
from typing import Any

import pytest

from geminicrm.core import event_types
from geminicrm.runtime.manifest import ManifestInvalid, parse_manifest
from geminicrm.runtime.manifest_events import CORE_KINDS, MAX_NAME, event_findings
from geminicrm.runtime.manifest_model import OwnEvent
from tests.support.announcing import SCORED
from tests.support.manifests import MINIMAL, SCOPES


def found(types: Any, **changes: Any) -> list[tuple[str, str]]:
    data = {"id": "my-extension", "event_types": types, **changes}
    return [(one.pointer, one.code) for one in event_findings(data)]


def parsed(**changes: Any) -> Any:
    raw = json.dumps({**MINIMAL, **changes}).encode()
    return parse_manifest(raw, known_scopes=SCOPES)


def test_types_are_read():
    manifest = parsed(event_types=[SCORED])
    assert manifest.event_types == (OwnEvent(**SCORED),)
    assert manifest.event_kind == "my_extension"
    assert parsed().event_types == ()


def test_the_kinds_of_the_core_are_reserved():
    assert {one.type.partition(".")[0] for one in event_types()} == CORE_KINDS
    assert found([SCORED], id="lead") == [("/event_types", "reserved_name")]
    assert found([], id="lead") == []


def test_names_are_given_once():
    assert found([SCORED, SCORED]) == [("/event_types/1/name", "repeated")]


def test_the_whole_name_has_room_in_the_outbox():
    long = {**SCORED, "name": "n" * (MAX_NAME - len("my_extension.") + 1)}
    assert found([long]) == [("/event_types/0/name", "wrong_size")]
    assert found([{**SCORED, "name": "n" * (MAX_NAME - len("my_extension."))}]) == []


def test_its_own_events_are_not_asked_for():
    asked = ["lead.*", "my_extension.score_changed", "my_extension.*", "*"]
    assert found([SCORED], events=asked) == [
        ("/events/1", "own_event"),
        ("/events/2", "own_event"),
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"schema": {"type": "object", "pattern": "a"}}, ("/schema/pattern", "unknown_keyword")),
        ({"schema": {"type": "string"}}, ("/schema/type", "not_an_object")),
        ({"sample": {"score": "high"}}, ("/sample/score", "does_not_fit")),
        ({"sample": {}}, ("/sample", "does_not_fit")),
        (
            {"schema": {"type": "object", "description": "x" * 17_000}},
            ("/schema", "too_large"),
        ),
        ({"sample": {"score": 1, "why": "x" * 17_000}}, ("/sample", "too_large")),
    ],
)
def test_schema_and_sample(change: dict[str, Any], expected: tuple[str, str]):
    pointer, code = expected
    assert found([{**SCORED, **change}]) == [(f"/event_types/0{pointer}", code)]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"name": "Score"}, "/name", "wrong_form"),
        ({"name": "score-changed"}, "/name", "wrong_form"),
        ({"name": "n" * 41}, "/name", "wrong_size"),
        ({"name": 3}, "/name", "wrong_type"),
        ({"description": ""}, "/description", "wrong_size"),
        ({"schema": "object"}, "/schema", "wrong_type"),
        ({"sample": []}, "/sample", "wrong_type"),
        ({"scope": "read:leads"}, "/scope", "unknown_property"),
    ],
)
def test_the_form_of_an_entry(change: dict[str, Any], pointer: str, code: str):
    with pytest.raises(ManifestInvalid) as caught:
        parsed(event_types=[{**SCORED, **change}])
    assert [(one.pointer, one.code) for one in caught.value.findings] == [
        (f"/event_types/0{pointer}", code)
    ]


def test_twenty_types_are_enough():
    many = [{**SCORED, "name": f"changed_{at}"} for at in range(21)]
    with pytest.raises(ManifestInvalid, match="too many entries: 20"):
        parsed(event_types=many)


@pytest.mark.parametrize("wrong", [None, 3, "x", {}, [3, None, []], [{"name": 3, "schema": []}]])
def test_wrong_types_are_left_to_the_schema(wrong: Any):
    assert found(wrong, events=wrong) == []
    assert found([SCORED], id=wrong) == []


def test_other_extensions_are_asked_for_by_name_or_kind():
    manifest = parsed(events=["lead_scoring.score_changed", "lead_scoring.*"])
    assert manifest.events == ("lead_scoring.score_changed", "lead_scoring.*")
