"""Which wheels a version gets, and every way in which that can't be."""

import platform

import pytest
from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.version import Version

from geminicrm.runtime.requirements import choose as choosing
from geminicrm.runtime.requirements.choose import choose
from geminicrm.runtime.requirements.own import HOST_MODULES, HOST_PACKAGES, host_versions
from geminicrm.runtime.requirements.problems import RequirementsRefused
from geminicrm.runtime.requirements.wheel import read_wheel
from geminicrm.runtime.supervisor import host_path
from tests.support.wheels import put_wheel

HOST = {"flask": Version("3.1.3"), "msgspec": Version("0.22.0")}


@pytest.fixture
def chosen(tmp_path):
    """Choose for some requirements among the wheels in `tmp_path`, by their file names."""

    def names(*wanted):
        offered = [read_wheel(path) for path in sorted(tmp_path.glob("*.whl"))]
        found = choose([Requirement(text) for text in wanted], offered, HOST)
        return [wheel.path.name for wheel in found]

    return names


def refused(chosen, *wanted):
    with pytest.raises(RequirementsRefused) as caught:
        chosen(*wanted)
    assert {found.pointer for found in caught.value.findings} == {"/requires/python"}
    return [(found.code, found.message) for found in caught.value.findings]


def test_all_that_is_led_to_is_taken_and_nothing_else(tmp_path, chosen):
    put_wheel(tmp_path, "alpha", requires=["beta>=1", "gamma ; extra == 'more'"])
    put_wheel(tmp_path, "beta", requires=["alpha", "flask>=3", "no ; python_version < '3'"])
    put_wheel(tmp_path, "gamma")
    assert chosen("alpha") == ["alpha-1.0-py3-none-any.whl", "beta-1.0-py3-none-any.whl"]
    assert "gamma-1.0-py3-none-any.whl" in chosen("alpha[more]")
    assert "gamma-1.0-py3-none-any.whl" in chosen("alpha", "alpha[more]")


def test_what_the_host_has_is_not_taken(tmp_path, chosen):
    put_wheel(tmp_path, "flask", "2.0")
    assert chosen("Flask>=3,<4") == []
    assert chosen() == []


def test_a_requirement_that_disagrees_with_the_host(tmp_path, chosen):
    put_wheel(tmp_path, "alpha", requires=["msgspec==0.18.0"])
    flask, msgspec = refused(chosen, "Flask<3", "alpha")
    assert flask[0] == msgspec[0] == "host_conflict"
    assert flask[1] == (
        "Flask is the host's own and 3.1.3 here; the manifest asks for Flask<3, which "
        "disagrees: ask for a version that this core has."
    )
    assert "and 0.22.0 here; alpha 1.0 asks for msgspec==0.18.0, which disag" in msgspec[1]


def test_extras_of_the_host_are_not_here(chosen):
    [(code, message)] = refused(chosen, "flask[async]")
    assert code == "host_conflict"
    assert "without [async]" in message


def test_what_is_missing_is_named_with_who_asks(tmp_path, chosen):
    put_wheel(tmp_path, "alpha", requires=["ghost>=2 ; os_name == 'posix'"])
    [(code, message)] = refused(chosen, "alpha")
    assert code == "missing_requirement"
    assert message.startswith("ghost>=2 is asked for by alpha 1.0, and the package lacks it. Put")


def test_another_version_is_named(tmp_path, chosen):
    put_wheel(tmp_path, "alpha")
    [(code, message)] = refused(chosen, "alpha>=2")
    assert code == "other_version"
    assert "the package has alpha 1.0" in message


def test_two_versions_are_not_chosen_between(tmp_path, chosen):
    put_wheel(tmp_path, "alpha", "1.0")
    put_wheel(tmp_path, "alpha", "2.0")
    [(code, message)] = refused(chosen, "alpha", "alpha>1")
    assert code == "many_versions"
    assert "(1.0, 2.0)" in message


def test_the_wheel_that_suits_most_is_taken(tmp_path, chosen):
    own = next(iter(sys_tags()))
    put_wheel(tmp_path, "alpha")
    put_wheel(tmp_path, "alpha", tag=str(own))
    put_wheel(tmp_path, "alpha", tag="cp27-cp27m-win32")
    assert chosen("alpha") == [f"alpha-1.0-{own}.whl"]


@pytest.mark.parametrize(
    ("tag", "metadata"),
    [
        ("cp27-cp27m-win32", []),
        ("cp399-cp399-manylinux_2_28_x86_64", []),
        ("py3-none-any", ["Requires-Python: <3"]),
    ],
)
def test_a_wheel_for_another_interpreter(tmp_path, chosen, tag, metadata):
    put_wheel(tmp_path, "alpha", tag=tag, metadata=metadata)
    [(code, message)] = refused(chosen, "alpha")
    assert code == "wheel_unfit"
    assert message.startswith("alpha 1.0 has no wheel for this interpreter (cp")
    assert f"Python {platform.python_version().rstrip('+')})" in message


@pytest.mark.parametrize(
    "file",
    [
        "msgspec/__init__.py",
        "msgspec.py",
        "msgspec.cpython-311-x86_64-linux-gnu.so",
        "alpha-1.0.data/platlib/msgspec/x.py",
    ],
)
def test_nothing_hides_what_the_host_has(tmp_path, chosen, file):
    put_wheel(tmp_path, "alpha", files={file: ""})
    [(code, message)] = refused(chosen, "alpha")
    assert code == "hides_host"
    assert message == "alpha-1.0-py3-none-any.whl has a module msgspec, which is the host's own."


@pytest.mark.parametrize("module", sorted(HOST_MODULES))
def test_each_of_the_hosts_modules_is_guarded(tmp_path, chosen, module):
    put_wheel(tmp_path, "alpha", files={f"{module}/__init__.py": ""})
    assert refused(chosen, "alpha")[0][0] == "hides_host"


def test_the_whole_is_not_endless(tmp_path, chosen, monkeypatch):
    monkeypatch.setattr(choosing, "MAX_SET_BYTES", 100)
    put_wheel(tmp_path, "alpha")
    assert refused(chosen, "alpha")[0][0] == "too_large"


def test_a_marker_of_a_wheel_that_compares_nonsense(tmp_path, chosen):
    put_wheel(tmp_path, "alpha", requires=["beta ; os_name ~= 'posix'"])
    [(code, message)] = refused(chosen, "alpha")
    assert code == "wheel_wrong"
    assert message.startswith("alpha-1.0-py3-none-any.whl: The marker")


def test_the_host_packages_are_those_of_this_environment():
    assert sorted(HOST_PACKAGES.values()) == sorted(host_path.PACKAGES)
    assert host_versions().keys() == HOST_PACKAGES.keys()
    assert {"extensions", "geminicrm", "typing_extensions"} < HOST_MODULES
