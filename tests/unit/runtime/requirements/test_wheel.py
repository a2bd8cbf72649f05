"""Wheels: what they say of themselves, and what of them is taken."""

import pytest
from packaging.version import Version

from geminicrm.runtime.requirements import wheel as wheels
from geminicrm.runtime.requirements.problems import WheelWrong
from geminicrm.runtime.requirements.wheel import check_hashes, read_wheel, unpack
from tests.support.wheels import put_wheel, record_hash


def test_a_wheel_is_read(tmp_path):
    path = put_wheel(
        tmp_path,
        "tiny-thing",
        "1.2",
        requires=["six>=1", "rich ; extra == 'nice'"],
        metadata=["Requires-Python: >=3.8", "Provides-Extra: nice"],
    )
    found = read_wheel(path)
    assert (found.name, found.version) == ("tiny-thing", Version("1.2"))
    assert [str(one) for one in found.requires] == ["six>=1", 'rich; extra == "nice"']
    assert str(found.requires_python) == ">=3.8"
    assert found.modules() == {"tiny_thing", "tiny_thing-1"}
    assert found.size > 0
    check_hashes(found)


def test_only_modules_and_their_data_are_taken(tmp_path):
    path = put_wheel(
        tmp_path,
        files={
            "tiny/__init__.py": "",
            "tiny/data.txt": "x",
            "tiny.pth": "import os",
            "tiny/deep.pth": "",
            "tiny/__pycache__/__init__.cpython-311.pyc": "not what the source says",
            "tiny-1.0.data/purelib/pure.py": "",
            "tiny-1.0.data/platlib/_fast.cpython-311-x86_64-linux-gnu.so": b"\x7fELF",
            "tiny-1.0.data/purelib/also.pth": "import os",
            "tiny-1.0.data/scripts/tiny": "#!python",
            "tiny-1.0.data/headers/tiny.h": "",
            "tiny-1.0.data/data/etc/passwd": "",
            "tiny-1.0.data/purelib.txt": "",
            "other-1.0.data/scripts/x": "",
        },
        entries=[("tiny/", b"")],
    )
    found = read_wheel(path)
    assert sorted(found.files.values()) == [
        "_fast.cpython-311-x86_64-linux-gnu.so",
        "other-1.0.data/scripts/x",
        "pure.py",
        "tiny-1.0.dist-info/METADATA",
        "tiny-1.0.dist-info/RECORD",
        "tiny-1.0.dist-info/WHEEL",
        "tiny/__init__.py",
        "tiny/data.txt",
        "tiny/deep.pth",
    ]
    assert {"_fast", "pure", "tiny"} < found.modules()


def test_what_is_taken_is_written_with_its_hashes_compared(tmp_path):
    found = read_wheel(
        put_wheel(tmp_path, files={"tiny/__init__.py": "", "tiny/big": b"x" * 3_000_000})
    )
    (tmp_path / "out").mkdir()
    written = list(unpack(found, tmp_path / "out"))
    assert tmp_path / "out/tiny/big" in written
    assert (tmp_path / "out/tiny/big").read_bytes() == b"x" * 3_000_000


def test_signatures_need_no_hash(tmp_path):
    info = "tiny-1.0.dist-info"
    signed = put_wheel(
        tmp_path, entries=[(f"{info}/RECORD.jws", b"{}"), (f"{info}/RECORD.p7s", b"")]
    )
    check_hashes(read_wheel(signed))


@pytest.mark.parametrize("name", ["tiny.whl", "tiny-1.0.whl", "tiny-x!-py3-none-any.whl", "-.whl"])
def test_names_that_are_no_wheels(tmp_path, name):
    path = put_wheel(tmp_path).rename(tmp_path / name)
    with pytest.raises(WheelWrong, match="not the name of a wheel"):
        read_wheel(path)


def changed(**lines):
    return lambda hashes: {**hashes, **lines}


def without(name):
    return lambda hashes: {each: hashed for each, hashed in hashes.items() if each != name}


@pytest.mark.parametrize(
    ("tricks", "words"),
    [
        ({"info": "other-1.0.dist-info"}, "no folder .dist-info of its own"),
        ({"info": "nothing"}, "no folder .dist-info of its own"),
        ({"entries": [("six-1.0.dist-info/METADATA", b"")]}, "no folder .dist-info of its own"),
        ({"form": "Wheel-Version: 2.0\n"}, "has the wheel version '2.0'"),
        ({"form": ""}, "has the wheel version ''"),
        ({"told_name": "other"}, "another package, or another version"),
        ({"told_version": "1.1"}, "another package, or another version"),
        ({"told_version": "one"}, "another package, or another version"),
        ({"requires": ["a b c"]}, "is not a requirement"),
        ({"requires": ["a @ https://evil.example/a.whl"]}, "names an address"),
        ({"requires": ["a"] * (wheels.MAX_REQUIRES + 1)}, "requires 1001 packages"),
        ({"metadata": ["Requires-Python: three"]}, "Requires-Python can't be read"),
        ({"record": changed(**{"tiny.py": ""})}, "no SHA-256 of 'tiny.py'"),
        ({"record": changed(**{"tiny.py": "md5=abc"})}, "no SHA-256 of 'tiny.py'"),
        ({"record": changed(**{"tiny.py": record_hash(b"other")})}, "not what its RECORD says"),
        ({"record": changed(ghost="sha256=x")}, "'ghost' is in its RECORD and not there"),
        ({"record": without("tiny.py")}, "'tiny.py' is in no line of its RECORD"),
        ({"record": changed(**{"one\ntwo": "x"})}, "RECORD can't be read"),
        ({"record": changed(**{"\udce4": ""})}, "RECORD can't be read"),
        ({"entries": [("evil.py", b"import os")]}, "'evil.py' is in no line of its RECORD"),
        ({"files": {"a.py": "", "tiny-1.0.data/purelib/a.py": ""}}, "'a.py' twice"),
        ({"files": {"a": "", "tiny-1.0.data/purelib/a/b.py": ""}}, "both as a file and as a fold"),
    ],
)
def test_wheels_that_are_wrong(tmp_path, tricks, words):
    path = put_wheel(tmp_path, **tricks)
    with pytest.raises(WheelWrong, match=words) as caught:
        check_hashes(read_wheel(path))
    assert str(caught.value).startswith("tiny-1.0-py3-none-any.whl")


def test_a_wheel_without_metadata_is_none(tmp_path):
    path = put_wheel(tmp_path, files={}, info="tiny-1.0.dist-info")
    path.write_bytes(path.read_bytes().replace(b"METADATA", b"METADATX"))
    with pytest.raises(WheelWrong, match="dist-info/METADATA: it is no wheel"):
        read_wheel(path)


def test_what_is_read_at_once_is_not_endless(tmp_path):
    path = put_wheel(tmp_path, metadata=["Summary: " + "x" * (wheels.MAX_METADATA + 1)])
    with pytest.raises(WheelWrong, match="METADATA has more than"):
        read_wheel(path)


def test_what_is_unpacked_is_compared_too(tmp_path):
    found = read_wheel(put_wheel(tmp_path, record=changed(**{"tiny.py": record_hash(b"")})))
    (tmp_path / "out").mkdir()
    with pytest.raises(WheelWrong, match="not what its RECORD says"):
        list(unpack(found, tmp_path / "out"))
