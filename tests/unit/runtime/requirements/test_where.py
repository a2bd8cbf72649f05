"""Where the Python packages of a version lie."""

from pathlib import Path

import pytest

from geminicrm.runtime.manifest import build_manifest
from geminicrm.runtime.requirements.where import (
    RequirementsMissing,
    forget_wheels,
    note_wheels,
    noted_wheels,
    notes_folder,
    requirements_folder,
    set_folder,
)
from tests.support.life import manifest

ONE, TWO = "1" * 64, "2" * 64
NEEDY = build_manifest(manifest(requires={"python": ["phonenumbers"]}))


def test_who_needs_nothing_has_no_folder(tmp_path):
    assert requirements_folder(tmp_path, build_manifest(manifest()), "a" * 64) is None


def test_a_version_that_nobody_noted_is_missing(tmp_path):
    with pytest.raises(RequirementsMissing, match="not on this machine"):
        requirements_folder(tmp_path, NEEDY, "a" * 64)


def test_the_note_leads_to_the_folder(tmp_path):
    note_wheels(tmp_path, "sha256:" + "a" * 64, [TWO, ONE])
    folder = set_folder(tmp_path, [ONE, TWO])
    folder.mkdir()
    assert requirements_folder(tmp_path, NEEDY, "a" * 64) == folder


def test_the_folder_is_named_from_the_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    note_wheels(Path(), "a" * 64, [ONE])
    set_folder(Path(), [ONE]).mkdir()
    assert requirements_folder(Path(), NEEDY, "a" * 64) == set_folder(tmp_path, [ONE])


def test_a_note_without_its_folder_is_not_enough(tmp_path):
    note_wheels(tmp_path, "a" * 64, [ONE])
    with pytest.raises(RequirementsMissing):
        requirements_folder(tmp_path, NEEDY, "a" * 64)


def test_what_the_host_has_needs_no_folder(tmp_path):
    note_wheels(tmp_path, "a" * 64, [])
    assert requirements_folder(tmp_path, NEEDY, "sha256:" + "a" * 64) is None


@pytest.mark.parametrize("content", [b"../../etc\n", b"\xff\xfe", b"1" * 63])
def test_a_note_that_was_spoilt_counts_for_nothing(tmp_path, content):
    notes_folder(tmp_path).mkdir(parents=True)
    (notes_folder(tmp_path) / ("a" * 64)).write_bytes(content)
    assert noted_wheels(tmp_path, "a" * 64) is None


def test_a_note_can_be_changed_and_forgotten(tmp_path):
    note_wheels(tmp_path, "a" * 64, [ONE])
    note_wheels(tmp_path, "a" * 64, [TWO, ONE])
    assert noted_wheels(tmp_path, "a" * 64) == (ONE, TWO)
    forget_wheels(tmp_path, "a" * 64)
    forget_wheels(tmp_path, "a" * 64)
    assert noted_wheels(tmp_path, "a" * 64) is None
    assert list(notes_folder(tmp_path).iterdir()) == []
