"""Lock files: read from strangers, written for authors."""

import pytest
from packaging.version import Version

from geminicrm.runtime.requirements import lock_file
from geminicrm.runtime.requirements.lock_file import Pin, read_lock, write_lock

A, B = "a" * 64, "b" * 64
ONE = f"tiny==1.0 --hash=sha256:{A}"


def test_a_pin_is_read():
    found = read_lock(f"# by hand\n\n{ONE}  # why\n".encode())
    assert found.problems == ()
    assert found.pins == (Pin("tiny", Version("1.0"), (A,), None, 3),)


def test_a_line_goes_on_and_names_are_one():
    text = (
        f'Typing.Extra[x]==2.0 ; python_version > "3" \\\n --hash=sha256:{A} \\\n'
        f" --hash=sha256:{B}\n{ONE}"
    )
    typing, tiny = read_lock(text.encode()).pins
    assert (typing.name, typing.hashes, typing.line) == ("typing-extra", (A, B), 1)
    assert str(typing.marker) == 'python_version > "3"'
    assert tiny.line == 4


def test_a_last_line_that_goes_on_nowhere():
    assert [pin.name for pin in read_lock(f"{ONE} \\".encode()).pins] == ["tiny"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--index-url https://evil.example", "an option of pip"),
        ("-r other.txt", "an option of pip"),
        ("-e .", "an option of pip"),
        ("tiny==1.0", "needs 1 to 500 hashes"),
        (f"tiny==1.0 --hash=md5:{A}", "needs 1 to 500 hashes"),
        (f"{ONE} --hash=sha256:short", "needs 1 to 500 hashes"),
        (f"{ONE} --global-option=x", "needs 1 to 500 hashes"),
        (f"tiny --hash=sha256:{A}", "one exact version"),
        (f"tiny>=1.0 --hash=sha256:{A}", "one exact version"),
        (f"tiny==1.* --hash=sha256:{A}", "one exact version"),
        (f"tiny==1.0,!=2 --hash=sha256:{A}", "one exact version"),
        (f"tiny===1.0 --hash=sha256:{A}", "one exact version"),
        (f"tiny @ https://e.example/t.whl --hash=sha256:{A}", "names an address"),
        (f"ti ny --hash=sha256:{A}", "is not a requirement"),
        (f"tiny=={'1' * 9000} --hash=sha256:{A}", "is too long for a requirement"),
    ],
)
def test_what_a_line_can_not_be(line, words):
    found = read_lock(f"\n{line}\n".encode())
    assert [problem.line for problem in found.problems] == [2]
    assert words in found.problems[0].message


def test_a_package_stands_once():
    found = read_lock(f"{ONE}\n{ONE}\n".encode())
    assert [(one.line, one.message) for one in found.problems] == [
        (2, "tiny stands on line 1 too: keep one.")
    ]


def test_a_package_may_stand_once_for_each_marker():
    other = f'tiny==2.0 ; sys_platform == "win32" --hash=sha256:{B}'
    assert read_lock(f"{ONE}\n{other}\n".encode()).problems == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe", "not UTF-8"),
        (b"#" * (lock_file.MAX_LOCK_BYTES + 1), "more than"),
        (
            "".join(
                f"p{number}==1 --hash=sha256:{A}\n" for number in range(lock_file.MAX_PINS + 1)
            ).encode(),
            "more than 200 packages",
        ),
    ],
    ids=["bytes", "large", "many"],
)
def test_files_that_are_wrong_as_a_whole(content, words):
    found = read_lock(content)
    assert found.pins == ()
    assert [problem.line for problem in found.problems] == [0]
    assert words in found.problems[0].message


def test_what_is_written_is_read():
    pins = [
        Pin("zebra", Version("2.0"), (A, B)),
        *read_lock(f'tiny==1.0 ; python_version > "3" --hash=sha256:{A}'.encode()).pins,
    ]
    text = write_lock(pins, "Two\nlines")
    assert text.startswith("# Two\n# lines\ntiny==1.0")
    found = read_lock(text.encode())
    assert [(pin.name, pin.hashes) for pin in found.pins] == [("tiny", (A,)), ("zebra", (A, B))]
    assert found.problems == ()
