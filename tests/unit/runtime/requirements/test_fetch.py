"""Fetching from an index on the loopback, by the pip of this interpreter."""

import os
import sys

import pytest
from packaging.version import Version

from geminicrm.runtime.requirements.fetch import PipFetch
from geminicrm.runtime.requirements.lock_file import Pin, read_lock
from geminicrm.runtime.requirements.pip import run_pip
from geminicrm.runtime.requirements.problems import FetchFailed
from tests.support.wheels import hash_of, lock_of, put_wheel


@pytest.fixture
def fetch(index):
    return PipFetch(environment={**os.environ, **index.environment()})


def pins(*wheels):
    return read_lock(lock_of(*wheels).encode()).pins


def test_wheels_are_fetched_by_hash_and_nothing_that_they_need(tmp_path, index, fetch):
    one = put_wheel(index.folder, "one", requires=["absent"])
    two = put_wheel(index.folder, "two-parts")
    found = fetch(pins(one, two), tmp_path)
    assert found == {hash_of(path): tmp_path / path.name for path in (one, two)}
    assert not any("absent" in path for path in index.asked)


def test_other_bytes_than_pinned_are_refused(tmp_path, index, fetch):
    wanted = pins(put_wheel(index.folder, "one"))
    put_wheel(index.folder, "one", files={"one.py": "evil = True"})
    with pytest.raises(FetchFailed, match="pip: ERROR: "):
        fetch(wanted, tmp_path)
    assert list(tmp_path.glob("*.whl")) == []


def test_sources_are_never_built(tmp_path, index, fetch):
    source = index.folder / "one-1.0.tar.gz"
    source.write_bytes(b"setup.py would run here")
    with pytest.raises(FetchFailed, match="No matching distribution found for one=="):
        fetch([Pin("one", Version("1.0"), (hash_of(source),))], tmp_path)
    assert "/files/one-1.0.tar.gz" not in index.asked


def test_what_is_not_there_is_told(tmp_path, fetch):
    with pytest.raises(FetchFailed, match="No matching distribution found for one=="):
        fetch([Pin("one", Version("1.0"), ("a" * 64,))], tmp_path)


def test_pip_is_not_believed_either(tmp_path, monkeypatch, fetch):
    monkeypatch.setattr("geminicrm.runtime.requirements.fetch.run_pip", lambda *_given: None)
    with pytest.raises(FetchFailed, match="pip brought no wheel of one"):
        fetch([Pin("one", Version("1.0"), ("a" * 64,))], tmp_path)


def test_pip_ends_by_the_deadline():
    with pytest.raises(FetchFailed, match="did not end within 0 s"):
        run_pip("list", [], 0, os.environ)


def test_pip_does_not_see_our_secrets(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(_shell(tmp_path, "env >&2; exit 1")))
    with pytest.raises(FetchFailed) as caught:
        run_pip(
            "list",
            [],
            10,
            {"GEMINICRM_ENCRYPTION_KEYS": "secret", "PIP_RETRIES": "0", "home": "/x"},
        )
    assert "PIP_RETRIES=0" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_pip_that_dies_silently(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(_shell(tmp_path, "exit 3")))
    with pytest.raises(FetchFailed, match="pip: it said nothing"):
        run_pip("list", [], 10, {})


def _shell(folder, script):
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
