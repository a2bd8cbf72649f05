"""Requirements, and which of them count here."""

import pytest
from packaging.requirements import Requirement

from geminicrm.runtime.python_requirement import (
    NotARequirement,
    counting,
    counts,
    name_of,
    read_requirement,
)


def test_a_requirement_is_read():
    found = read_requirement("Phone_Numbers[fast]>=9,<10 ; python_version > '3'")
    assert (name_of(found), found.extras) == ("phone-numbers", {"fast"})


@pytest.mark.parametrize(
    "text",
    [
        "a b",
        "",
        "x" * 300 + "!",
        "a @ https://e.example/a.whl",
        "a" * 1001,
        "a ; " + "(" * 900 + "os_name == 'nt'" + ")" * 5,
    ],
)
def test_what_is_no_requirement(text):
    with pytest.raises(NotARequirement) as caught:
        read_requirement(text)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("marker", "extras", "true"),
    [
        ("python_version >= '3.11'", (), True),
        ("python_version < '3'", (), False),
        ("sys_platform == 'win32'", (), False),
        ("extra == 'fast'", (), False),
        ("extra == 'fast'", ("slow", "fast"), True),
    ],
)
def test_markers(marker, extras, true):
    requirement = Requirement(f"a ; {marker}")
    assert counts(requirement.marker, extras) is true
    assert len(counting([requirement], extras)) == true


def test_no_marker_always_counts():
    assert counts(None)


def test_a_marker_that_compares_nonsense():
    with pytest.raises(NotARequirement, match="can't be evaluated"):
        counts(Requirement("a ; os_name ~= 'posix'").marker)
