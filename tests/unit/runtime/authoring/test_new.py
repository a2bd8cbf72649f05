"""The start of an extension passes everything that a finished one must."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from geminicrm.identity.permissions import SCOPES
from geminicrm.kernel.errors import Conflict, ValidationFailed
from geminicrm.runtime.authoring.new import create_extension
from geminicrm.runtime.check.run import AUTHOR_RULES, check_folder
from marketplace.packages import open_package, pack

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("extension_id", "name"),
    [
        ("my-extension", None),
        ("x", 'Ünïcode & <b>"quotes"</b> $id ${name} \\ {{ }}'),
        ("class", "Class"),
        ("a1-b2-c3", "x" * 80),
    ],
    ids=["plain", "odd name", "keyword", "long"],
)
def test_a_new_extension_passes_all_rules(tmp_path, extension_id, name):
    folder = create_extension(extension_id, tmp_path, name=name)
    assert check_folder(folder, known_scopes=SCOPES, rules=AUTHOR_RULES) == []
    assert folder == tmp_path / extension_id.replace("-", "_")


def test_the_name_is_made_from_the_id(tmp_path):
    folder = create_extension("mail-on-leads", tmp_path)
    assert json.loads((folder / "manifest.json").read_text("utf-8"))["name"] == "Mail on leads"
    assert "class MailOnLeads(ExtensionBase)" in (folder / "extension.py").read_text("utf-8")


def test_a_new_extension_packs(tmp_path):
    packed = pack(create_extension("my-extension", tmp_path), tmp_path)
    assert packed.path == tmp_path / "my-extension-0.1.0.gcx"
    assert "tests/test_extension.py" in open_package(packed.path.read_bytes()).files


def test_its_own_tests_pass(tmp_path):
    folder = create_extension("my-extension", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "2 passed" in done.stdout


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    folder = create_extension("my-extension", tmp_path)
    (folder / "extension.py").write_text("mine")
    with pytest.raises(Conflict, match="is there already"):
        create_extension("my-extension", tmp_path)
    assert (folder / "extension.py").read_text() == "mine"


@pytest.mark.parametrize(
    "extension_id", ["", "My-Ext", "my_ext", "../x", "a--b", "-a", "x\n", "x" * 65, "1a"]
)
def test_wrong_ids_are_refused(tmp_path, extension_id):
    with pytest.raises(ValidationFailed) as caught:
        create_extension(extension_id, tmp_path, name="x")
    assert [found.pointer for found in caught.value.findings] == ["/id"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 81])
def test_wrong_names_are_refused(tmp_path, name):
    with pytest.raises(ValidationFailed) as caught:
        create_extension("x", tmp_path, name=name)
    assert [found.pointer for found in caught.value.findings] == ["/name"]
