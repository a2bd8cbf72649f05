"""Making lock files from an index on the loopback."""

import os
import sys

import pytest
from packaging.requirements import Requirement

from geminicrm.runtime.requirements.lock_file import Pin
from geminicrm.runtime.requirements.locking import Locker
from geminicrm.runtime.requirements.problems import FetchFailed, RequirementsRefused
from tests.support.wheels import hash_of, put_wheel


@pytest.fixture
def lock(index, tmp_path):
    locker = Locker(environment={**os.environ, **index.environment()})

    def pins(*wanted, pythons=()):
        return locker.pins([Requirement(text) for text in wanted], tmp_path / "wheels", pythons)

    return pins


def test_all_that_is_needed_is_pinned_but_what_the_host_has(index, lock):
    alpha = put_wheel(index.folder, "alpha", "1.5", requires=["Beta_Two>=2", "flask>=3"])
    beta = put_wheel(index.folder, "Beta_Two", "2.0")
    put_wheel(index.folder, "flask", "3.1.3")
    found = {pin.name: pin for pin in lock("alpha<2", "click")}
    assert found.keys() == {"alpha", "beta-two"}
    assert found["alpha"] == Pin("alpha", found["alpha"].version, (hash_of(alpha),))
    assert found["beta-two"].hashes == (hash_of(beta),)


def test_what_lies_in_the_package_is_not_pinned(index, lock, tmp_path):
    put_wheel(index.folder, "alpha", requires=["beta"])
    put_wheel(tmp_path / "wheels", "beta")
    assert [pin.name for pin in lock("alpha")] == ["alpha"]


def test_hashes_for_another_python_are_added(index, lock):
    here = f"cp{sys.version_info.major}{sys.version_info.minor}"
    alpha = [put_wheel(index.folder, "alpha", tag=f"{tag}-none-any") for tag in (here, "cp399")]
    beta = put_wheel(index.folder, "beta")
    found = {pin.name: pin.hashes for pin in lock("alpha", "beta", pythons=["3.99"])}
    assert found == {
        "alpha": tuple(sorted(map(hash_of, alpha))),
        "beta": (hash_of(beta),),
    }


def test_a_python_that_has_no_wheel_is_told(index, lock):
    here = f"cp{sys.version_info.major}{sys.version_info.minor}"
    put_wheel(index.folder, "alpha", tag=f"{here}-none-any")
    with pytest.raises(FetchFailed, match="No matching distribution found for alpha"):
        lock("alpha", pythons=["3.99"])


def test_where_the_host_has_all_nobody_is_asked(index, lock):
    assert lock("flask>=3", "msgspec") == ()
    assert index.asked == []


def test_a_conflict_with_the_host_is_told_before_anything_is_asked(index, lock):
    with pytest.raises(RequirementsRefused, match="Flask is the host's own") as caught:
        lock("Flask<3", "msgspec<0.1")
    assert len(caught.value.findings) == 2
    assert index.asked == []


def test_a_conflict_further_down_is_told_by_pip(index, lock):
    put_wheel(index.folder, "alpha", requires=["click<1"])
    put_wheel(index.folder, "click", "0.9")
    with pytest.raises(FetchFailed, match=r"alpha 1\.0 depends on click<1"):
        lock("alpha")


def test_a_report_without_hashes_is_refused(lock, monkeypatch):
    def report(_command, arguments, *_given):
        [name] = [each.partition("=")[2] for each in arguments if each.startswith("--report")]
        with open(name, "w", encoding="utf-8") as file:  # noqa: PTH123 - a name it is
            file.write(
                '{"install": [{"metadata": {"name": "alpha", "version": "1"},'
                ' "download_info": {"url": "file:///x/alpha-1-py3-none-any.whl"}}]}'
            )

    monkeypatch.setattr("geminicrm.runtime.requirements.locking.run_pip", report)
    with pytest.raises(FetchFailed, match="no SHA-256 of alpha 1"):
        lock("alpha")
