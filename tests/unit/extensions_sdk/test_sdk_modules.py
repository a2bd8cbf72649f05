"""The SDK as a whole: what it imports, and its errors."""

import ast
import json
import re
import sys
from pathlib import Path

import pytest

from extensions import sdk
from extensions.sdk import api_version, blocks, errors, service_errors
from extensions.sdk.context import HttpResponse

FOLDER = Path(sdk.__file__).parent
BASES = [FOLDER.parent / "extension_base.py", FOLDER.parent / "integration_base.py"]
SOURCES = [*FOLDER.rglob("*.py"), *BASES]


def imported(tree):
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module):
                yield module


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(FOLDER.parent)))
def test_the_sdk_imports_nothing_of_ours(source):
    roots = {name.partition(".")[0] for name in imported(ast.parse(source.read_text("utf-8")))}
    known = {"extensions", "flask", "msgspec", "pluggy", "typing_extensions"}
    assert roots <= {*known, *sys.stdlib_module_names}


def errors_of(module):
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__
        if issubclass(value, errors.SdkError)
    }


@pytest.mark.parametrize("module", [errors, service_errors])
def test_every_error_is_drawn_in_the_tree(module):
    drawn = re.findall(r"^[| +-]*([A-Z]\w+)(?=$|  )", module.__doc__, re.MULTILINE)
    assert set(drawn) == set(errors_of(module))


def test_codes_of_errors_are_unique():
    kinds = {**errors_of(errors), **errors_of(service_errors)}
    codes = [kind.code for kind in kinds.values()]
    assert len(codes) == len(set(codes)) == 23


@pytest.mark.parametrize(
    ("error", "shown", "fields"),
    [
        (
            errors.PermissionDenied("read:leads"),
            "This needs the permission read:leads, which is not granted.",
            {"scope": "read:leads"},
        ),
        (
            errors.NotFound("lead", "lead_1"),
            "There is no lead with the id lead_1.",
            {"kind": "lead", "object_id": "lead_1"},
        ),
        (
            errors.QuotaExceeded("10 MiB"),
            (
                "The storage of this extension is full: it may hold 10 MiB in a workspace. "
                "Delete documents first."
            ),
            {"quota": "10 MiB"},
        ),
        (errors.Refused("No mail", "email"), "No mail", {"reason": "No mail", "field": "email"}),
        (errors.Refused("No"), "No", {"field": None}),
        (errors.Unavailable("Busy"), "Busy", {"retry_after": 1}),
        (
            errors.HttpNotAllowed("evil.example"),
            "Calls to evil.example are not allowed: name the host under network in manifest.json.",
            {},
        ),
        (errors.HttpFailed("No route", sent=False), "No route", {"sent": False}),
        (
            errors.Invalid([errors.Finding("/a", "x", "A"), errors.Finding("", "y", "B")]),
            "/a: A; (all): B",
            {},
        ),
    ],
)
def test_errors_carry_their_subject(error, shown, fields):
    assert str(error) == shown
    assert {name: getattr(error, name) for name in fields} == fields


def test_the_current_api_version_is_supported():
    assert api_version.CURRENT_API_VERSION in api_version.SUPPORTED_API_VERSIONS
    assert re.fullmatch(r"\d+\.\d+\.\d+", api_version.SDK_VERSION)


def test_a_response_gives_its_json():
    response = HttpResponse(200, {}, json.dumps({"a": 1}).encode())
    assert response.json() == {"a": 1}


def test_a_response_without_json_is_a_typed_error():
    with pytest.raises(errors.HttpFailed, match="not JSON"):
        HttpResponse(200, {}, b"<html>").json()


def test_blocks_exports():
    assert blocks.__all__ == [
        "MAX_BLOCKS",
        "MAX_BYTES",
        "Badge",
        "Block",
        "BlockLike",
        "Button",
        "Fields",
        "Form",
        "FormField",
        "Heading",
        "Link",
        "Stat",
        "Table",
        "Text",
        "validate_blocks",
    ]
