"""Settings that name hosts are an admin's to change."""

from pathlib import Path
from typing import Any

import pytest

from geminicrm.kernel.errors import ValidationFailed
from geminicrm.runtime.manifest_model import Manifest
from geminicrm.runtime.settings_values import Stored, own_values, still_valid
from tests.support.sample_extensions import HEAD, QUIET, write_package

SETTINGS = [
    {"id": "url", "type": "url", "label": "Address", "default": "https://a.example"},
    {"id": "other", "type": "text", "label": "Other host"},
    {"id": "word", "type": "text", "label": "Word"},
]


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    network = [{"setting": "url", "reason": "Yours."}, {"setting": "other"}]
    return write_package(tmp_path, HEAD + QUIET, settings=SETTINGS, network=network).manifest


@pytest.mark.parametrize(
    ("plain", "given"),
    [
        ({}, {"url": "https://evil.example"}),
        ({"url": "https://c.example"}, {"url": "https://a.example"}),
        ({"url": "https://c.example"}, {"url": None, "word": "x"}),
        ({}, {"other": "evil.example"}),
    ],
)
def test_an_extension_cannot_change_where_it_may_call(
    manifest: Manifest, plain: dict[str, Any], given: dict[str, Any]
):
    with pytest.raises(ValidationFailed) as caught:
        own_values(manifest, plain, given)
    (found,) = caught.value.findings
    assert (found.pointer, found.code) == (f"/{next(iter(given))}", "admin_only")
    assert "only an admin can change it" in found.message
    assert "names a host that the extension may call" in found.message


@pytest.mark.parametrize(
    ("plain", "given"),
    [
        ({}, {"url": "https://a.example"}),
        ({"url": "https://c.example"}, {"url": "https://c.example"}),
        ({}, {"other": ""}),
        ({}, {"other": None}),
    ],
)
def test_what_stands_so_already_is_left_out(
    manifest: Manifest, plain: dict[str, Any], given: dict[str, Any]
):
    assert own_values(manifest, plain, {**given, "word": "x"}) == {"word": "x"}


def test_an_unknown_setting_is_left_to_the_check(manifest: Manifest):
    assert own_values(manifest, {}, {"colour": "red"}) == {"colour": "red"}


@pytest.mark.parametrize(
    ("by_admin", "kept"),
    [
        (["url", "other"], {"url": "https://c.example", "other": "d", "word": "x"}),
        (["other"], {"other": "d", "word": "x"}),
        ([], {"word": "x"}),
    ],
)
def test_a_host_comes_back_only_where_an_admin_had_saved_it(
    manifest: Manifest, by_admin: list[str], kept: dict[str, str]
):
    old = Stored({"url": "https://c.example", "other": "d", "word": "x", "gone": 1}, {})
    assert still_valid(manifest, old, by_admin).plain == kept
