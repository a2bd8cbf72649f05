"""The wheels of a machine, and the folders made of them."""

import errno
import os
import stat

import pytest

from geminicrm.runtime.requirements import cache as caches
from geminicrm.runtime.requirements.cache import WheelCache, digest_of, publish
from geminicrm.runtime.requirements.folder import make_set
from geminicrm.runtime.requirements.problems import RequirementsRefused, WheelWrong
from geminicrm.runtime.requirements.where import sets_folder, wheels_folder
from tests.support.wheels import put_wheel, record_hash


@pytest.fixture
def cache(tmp_path):
    return WheelCache(wheels_folder(tmp_path))


def taken(cache, path):
    digest = digest_of(path)
    cache.add(path, digest)
    return digest


def tree(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


def test_a_wheel_is_taken_once(tmp_path, cache):
    path = put_wheel(tmp_path / "in", files={"tiny/__init__.py": ""})
    digest = taken(cache, path)
    made = cache.files(digest) / "tiny/__init__.py"
    before = made.stat().st_ino
    assert cache.add(path, digest).path == tmp_path / "wheels" / digest / path.name
    assert cache.get(digest).name == "tiny"
    assert made.stat().st_ino == before
    assert [one.name for one in (tmp_path / "wheels").iterdir()] == [digest]


@pytest.fixture
def narrow():
    """Let new files be ours alone."""
    mask = os.umask(0o077)
    yield
    os.umask(mask)


@pytest.mark.usefixtures("narrow")
def test_hosts_can_read_it_and_nobody_writes(tmp_path, cache):
    digest = taken(cache, put_wheel(tmp_path / "in", files={"tiny/__init__.py": ""}))
    folder = make_set(tmp_path, cache, [digest])
    assert stat.S_IMODE((folder / "tiny/__init__.py").stat().st_mode) == 0o444
    assert stat.S_IMODE((folder / "tiny").stat().st_mode) == 0o755
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


def test_a_wheel_that_is_not_here(cache):
    assert cache.get("a" * 64) is None


def test_other_bytes_than_asked_for_are_not_taken(tmp_path, cache):
    with pytest.raises(WheelWrong, match="another SHA-256"):
        cache.add(put_wheel(tmp_path), "a" * 64)
    assert list(wheels_folder(tmp_path).iterdir()) == []


def test_a_wheel_that_breaks_half_way_leaves_nothing(tmp_path, cache):
    path = put_wheel(
        tmp_path, record=lambda hashes: {**hashes, "tiny.py": record_hash(b"something else")}
    )
    with pytest.raises(WheelWrong, match="not what its RECORD says"):
        taken(cache, path)
    assert list(wheels_folder(tmp_path).iterdir()) == []


def test_where_links_can_not_be_made_files_are_copied(tmp_path, cache, monkeypatch):
    def refuse(*_paths, **_options):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("pathlib.Path.hardlink_to", refuse)
    folder = make_set(tmp_path, cache, [taken(cache, put_wheel(tmp_path))])
    assert (folder / "tiny.py").stat().st_nlink == 1
    assert "tiny.py" in tree(folder)


def test_sets_share_their_files(tmp_path, cache):
    one = taken(cache, put_wheel(tmp_path / "in", "one"))
    two = taken(cache, put_wheel(tmp_path / "in", "two"))
    both, alone = make_set(tmp_path, cache, [one, two]), make_set(tmp_path, cache, [one])
    assert {"one.py", "two.py"} < set(tree(both))
    assert "two.py" not in tree(alone)
    assert (both / "one.py").samefile(alone / "one.py")
    assert make_set(tmp_path, cache, [two, one]) == both


def test_two_versions_of_one_library(tmp_path, cache):
    old = taken(cache, put_wheel(tmp_path / "in", "tiny", "1.0"))
    new = taken(cache, put_wheel(tmp_path / "in", "tiny", "2.0"))
    folders = [make_set(tmp_path, cache, [each]) for each in (old, new)]
    assert [(folder / "tiny.py").read_text() for folder in folders] == [
        "VERSION = '1.0'\n",
        "VERSION = '2.0'\n",
    ]


def test_namespaces_are_joined_and_equal_files_are_one(tmp_path, cache):
    same = {"shared/__init__.py": "# the same\n"}
    one = taken(cache, put_wheel(tmp_path / "in", "one", files={**same, "shared/one.py": ""}))
    two = taken(cache, put_wheel(tmp_path / "in", "two", files={**same, "shared/two.py": ""}))
    folder = make_set(tmp_path, cache, [one, two])
    assert {"shared/__init__.py", "shared/one.py", "shared/two.py"} < set(tree(folder))


@pytest.mark.parametrize(
    ("first", "second"),
    [("shared/x.py", "shared/x.py"), ("shared/x.py", "shared"), ("shared", "shared/x.py")],
)
def test_files_that_differ_are_refused(tmp_path, cache, first, second):
    one = taken(cache, put_wheel(tmp_path / "in", "one", files={first: "1"}))
    two = taken(cache, put_wheel(tmp_path / "in", "two", files={second: "2"}))
    with pytest.raises(RequirementsRefused, match="different files at shared"):
        make_set(tmp_path, cache, [one, two])
    assert list(sets_folder(tmp_path).iterdir()) == []


def test_whoever_is_first_wins(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "there/inside").mkdir(parents=True)
    publish(tmp_path / "new", tmp_path / "there")
    assert (tmp_path / "there/inside").is_dir()


def test_what_can_not_appear_is_told(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        publish(tmp_path / "new", tmp_path / "file")


def test_the_names_of_unfinished_folders_are_hidden():
    assert caches.TEMPORARY.startswith(".")
