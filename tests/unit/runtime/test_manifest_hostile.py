"""Manifests made to break the reader: nothing but findings comes of them, and soon."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geminicrm.runtime.manifest import ManifestInvalid, parse_manifest
from tests.support.manifests import FULL, MINIMAL, SCOPES


def refused(data):
    with pytest.raises(ManifestInvalid) as caught:
        parse_manifest(data, known_scopes=SCOPES)
    return caught.value.findings


def outcome_of(data):
    try:
        return parse_manifest(data, known_scopes=SCOPES).version
    except ManifestInvalid as error:
        return error.findings[0].message


def first(value):
    return value[0] if isinstance(value, list) else value


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
    found = refused(json.dumps(MINIMAL | changes).encode())
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
    assert outcome_of(json.dumps(FULL | changes).encode())


@given(st.data())
def test_values_deep_inside_give_a_manifest_or_findings(data):
    changed = json.loads(json.dumps(FULL))
    name = data.draw(st.sampled_from(["settings", "network", "ui", "requires", "authentication"]))
    inside = first(changed[name])
    inside[data.draw(st.sampled_from(sorted(inside)))] = data.draw(JSON)
    assert outcome_of(json.dumps(changed).encode())


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_with_findings(data):
    assert refused(data)
