"""The rule on Python requirements: lock file and wheels against the manifest and the host."""

import pytest

from geminicrm.runtime.requirements import brought
from tests.support.wheels import lock_of, put_wheel


def wheel(author, *given, **options):
    return put_wheel(author.folder / "wheels", *given, **options)


def lock(author, text):
    author.write("requirements.lock", text)


def codes(author):
    return [(one.severity, one.code, one.pointer) for one in author.check()]


PYTHON = "/requires/python/0"


def test_wheels_and_pins_are_enough(author, tmp_path):
    author.manifest(requires={"python": ["alpha>=1", "beta", "Flask>=3", "win ; os_name == 'nt'"]})
    wheel(author, "alpha")
    lock(author, lock_of(put_wheel(tmp_path, "beta")))
    assert author.check() == []


@pytest.mark.parametrize(
    ("python", "severity", "code", "words"),
    [
        ("ghost>=1", "error", "missing_requirement", "the package lacks it. Put its wheel"),
        ("requests>=2", "warning", "missing_requirement", "for built-in extensions only"),
        ("alpha>=2", "error", "other_version", "the package has 1.0: change one"),
        ("Flask<3", "error", "host_conflict", "Flask is the host's own and 3"),
        ("flask[async]", "error", "host_conflict", "without [async]"),
    ],
)
def test_what_is_asked_for_and_can_not_be_had(author, python, severity, code, words):
    wheel(author, "alpha")
    author.manifest(requires={"python": [python]})
    [found] = author.check()
    assert (found.severity, found.code, found.pointer) == (severity, code, PYTHON)
    assert words in found.message


def test_a_lock_file_is_told_by_its_lines(author):
    author.manifest(requires={"python": ["alpha"]})
    lock(author, "# mine\nalpha==1.0\n--index-url x\n")
    assert author.found() == [
        ("error", "lock_wrong", "requirements.lock", 2),
        ("error", "lock_wrong", "requirements.lock", 3),
    ]


@pytest.mark.parametrize("name", ["wheels/alpha-1.0.tar.gz", "wheels/deep/a-1-py3-none-any.whl"])
def test_only_wheels_lie_in_wheels(author, name):
    author.write(name, b"")
    assert author.found() == [("error", "not_a_wheel", name, 0)]


def test_a_broken_wheel_is_told(author):
    author.write("wheels/alpha-1.0-py3-none-any.whl", b"")
    assert author.found() == [("error", "wheel_wrong", "wheels/alpha-1.0-py3-none-any.whl", 0)]


def test_the_hashes_of_a_wheel_are_compared(author):
    author.manifest(requires={"python": ["alpha"]})
    path = wheel(author, "alpha", record=lambda hashes: {**hashes, "alpha.py": "sha256=x"})
    assert author.found() == [("error", "wheel_wrong", f"wheels/{path.name}", 0)]


def test_wheels_together_are_not_endless(author, monkeypatch):
    monkeypatch.setattr(brought, "MAX_SET_BYTES", 300)
    wheel(author, "alpha")
    wheel(author, "beta")
    assert author.found() == [("error", "too_large", "wheels/", 0)]


def test_wheels_that_nobody_asks_for(author):
    wheel(author, "alpha")
    assert codes(author) == [("warning", "unused_wheels", "/requires/python")]


def test_a_link_is_not_followed(author, tmp_path):
    author.manifest(requires={"python": ["alpha"]})
    target = put_wheel(tmp_path, "alpha")
    (author.folder / "wheels").mkdir()
    (author.folder / "wheels" / target.name).symlink_to(target)
    assert [one[1] for one in codes(author)] == ["missing_requirement", "not_a_file"]


def test_a_marker_that_compares_nonsense_is_wrong_in_the_manifest(author):
    author.manifest(requires={"python": ["alpha ; os_name ~= 'posix'"]})
    assert codes(author) == [("error", "wrong_requirement", PYTHON)]


def test_a_wrong_manifest_is_told_alone(author):
    author.manifest(version="1")
    wheel(author, "alpha")
    assert [one[1] for one in codes(author)] == ["wrong_form"]
