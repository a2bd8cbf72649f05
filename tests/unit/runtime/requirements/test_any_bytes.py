"""Whatever a stranger sends: a wheel is read or refused, a lock file is read or has problems."""

import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geminicrm.runtime.requirements.lock_file import read_lock
from geminicrm.runtime.requirements.problems import WheelWrong
from geminicrm.runtime.requirements.wheel import check_hashes, read_wheel
from tests.support.wheels import put_wheel

INFO = "tiny-1.0.dist-info"
FAST = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "Metadata-Version: 2.1",
                "Name: tiny",
                "Version: 1.0",
                "Wheel-Version: 1.0",
                "Requires-Dist: a ; extra == 'x'",
                "Requires-Python: >=3",
                "tiny.py,sha256=x,",
                "tiny==1.0 --hash=sha256:" + "a" * 64,
                "Content-Type: text/plain; charset=nonsense",
                "",
            ]
        ),
        st.text(max_size=30),
    )
).map("\n".join)
BYTES = st.one_of(st.binary(max_size=80), LINES.map(lambda text: text.encode(errors="replace")))


def attempt(path):
    """Read a wheel as an install would; True where it is one."""
    try:
        check_hashes(read_wheel(path))
    except WheelWrong:
        return False
    return True


@pytest.mark.parametrize("name", ["METADATA", "WHEEL", "RECORD"])
@given(content=BYTES)
@FAST
def test_what_a_wheel_says_of_itself(tmp_path, name, content):
    put_wheel(tmp_path, files={"tiny.py": ""})
    path = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path) as archive:
        every = {each: archive.read(each) for each in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for each, text in {**every, f"{INFO}/{name}": content}.items():
            archive.writestr(each, text)
    assert attempt(path) in {True, False}


@given(place=st.integers(0, 2_000), instead=st.binary(max_size=6))
@FAST
def test_bytes_that_changed_on_the_way(tmp_path, place, instead):
    path = put_wheel(tmp_path, files={"tiny.py": "x = 1\n", "tiny-1.0.data/purelib/a.py": ""})
    content = path.read_bytes()
    path.write_bytes(content[:place] + instead + content[place + len(instead) :])
    assert attempt(path) in {True, False}


@given(content=BYTES)
@FAST
def test_any_lock_file(content):
    found = read_lock(content)
    assert all(len(pin.hashes[0]) == 64 for pin in found.pins)
    assert all(len(problem.message) < 300 for problem in found.problems)
