"""What hosts may read, import and be."""

import os
import stat
import sys
import sysconfig
from pathlib import Path

import pytest

from geminicrm.runtime.supervisor import host_path, places, reads, users
from geminicrm.runtime.supervisor.places import Places
from geminicrm.runtime.supervisor.users import Closed
from tests.unit.runtime.supervisor.conftest import spec


def modes(folder):
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


# What they import


def test_the_folder_of_links_holds_what_hosts_need_and_nothing_else(tmp_path):
    targets = host_path.build(tmp_path / "host-path")
    names = {path.name for path in (tmp_path / "host-path").iterdir()}
    assert {"flask", "msgspec", "typing_extensions.py", "extensions", "geminicrm"} <= names
    assert not names & {"sqlalchemy", "cryptography", "marketplace"}
    assert {path.name for path in (tmp_path / "host-path" / "geminicrm").iterdir()} == {
        "__init__.py",
        "runtime",
    }
    assert all(Path(target).resolve() == Path(target) for target in targets)
    root = Path(places.__file__).resolve().parents[3]
    assert str(root) not in targets
    assert sysconfig.get_path("purelib") not in targets


def test_links_that_are_right_stay_and_others_are_made_anew(tmp_path):
    folder = tmp_path / "host-path"
    host_path.build(folder)
    before = folder.stat().st_ino
    host_path.build(folder)
    assert folder.stat().st_ino == before
    (folder / "sqlalchemy").symlink_to(tmp_path)
    host_path.build(folder)
    assert not (folder / "sqlalchemy").exists()


def test_a_package_that_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(host_path, "PACKAGES", ("nowhere_to_be_found",))
    with pytest.raises(host_path.Incomplete, match="nowhere_to_be_found"):
        host_path.build(tmp_path / "host-path")


# What they read


def test_the_interpreter_can_be_read_and_packages_of_others_can_not():
    found = reads.machine_reads()
    stdlib = Path(sysconfig.get_path("stdlib")).resolve()
    granted = [Path(path) for path in found]
    assert any(Path(os.__file__).resolve().is_relative_to(path) for path in granted)
    assert not any((stdlib / "site-packages" / "x").is_relative_to(path) for path in granted)
    assert all(path.exists() and path.resolve() == path for path in granted)
    assert not {Path("/"), Path("/etc"), Path("/usr"), Path(sys.prefix).resolve()} & set(granted)


def test_a_standard_library_without_strange_packages_is_granted_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path))
    assert str(tmp_path) in reads.machine_reads()


def test_libraries_are_granted_by_folder_or_one_by_one(tmp_path, monkeypatch):
    inside, beside, theirs = (tmp_path / name for name in ("lib", "other", "site-packages"))
    for folder in (inside / "python3", beside, theirs):
        folder.mkdir(parents=True)
    libraries = [inside / "libpython3.so.1", beside / "libc.so.6", theirs / "wheel.so"]
    for library in libraries:
        library.touch()
    maps = tmp_path / "maps"
    maps.write_text("".join(f"0-1 r-xp 0 0:0 1 {path}\n" for path in libraries) + "0-1 rw-p 0 0\n")
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(inside / "python3"))
    found = reads.machine_reads(str(maps))
    assert {str(inside / "libpython3.so.1"), str(beside)} <= set(found)
    assert not {str(inside), str(theirs)} & set(found)


# Who they are


@pytest.fixture
def home(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    for name in ("packages", "logs"):
        (home / name).mkdir(mode=0o755)
    (home / "geminicrm.db").touch(mode=0o644)
    (home / "link").symlink_to(tmp_path)
    return home


def test_an_open_home_lets_nobody_into_anything_else(home):
    users.open_home(home, {"packages"})
    assert stat.S_IMODE(home.stat().st_mode) == 0o711
    found = modes(home)
    assert (found["packages"], found["logs"], found["geminicrm.db"]) == (0o755, 0o700, 0o600)
    users.open_home(home, {"packages"})


def test_a_home_that_can_not_be_closed_is_not_opened(home, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError("no")

    monkeypatch.setattr(os, "chmod", refuse)
    with pytest.raises(Closed, match="can't be prepared"):
        users.open_home(home, {"packages"})
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_what_others_can_not_reach_is_named(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    file = inner / "file"
    file.touch(mode=0o600)
    top = Path("/etc/passwd")
    users.check_reachable([str(top)])
    with pytest.raises(Closed, match="by other users"):
        users.check_reachable([str(file)])
    with pytest.raises(Closed, match="No such file"):
        users.check_reachable(["/nowhere/at/all"])


def test_a_user_is_given_to_one_living_host_only():
    first = users.free_user(7, set())
    assert first == users.FIRST + 7
    assert users.free_user(7, {first}) == first + 1
    assert users.free_user(7 + users.COUNT, set()) == first


def test_there_is_an_end_to_the_users(monkeypatch):
    monkeypatch.setattr(users, "COUNT", 1)
    with pytest.raises(Closed, match="taken"):
        users.free_user(0, {users.FIRST})


# All together


@pytest.fixture
def prepared(home, monkeypatch):
    """Give places in a home that every user of the machine could get to, as far as told."""
    monkeypatch.setattr(places, "check_passage", lambda *_: None)
    monkeypatch.setattr(places, "check_reachable", lambda *_: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    made = Places(home, 60.0)
    made.prepare()
    return made


def test_a_place_names_what_its_host_may_read(prepared, home):
    place = prepared.place_for(
        spec(folder=str(home / "packages"), requirements=str(home / "link")), 5, 42, set()
    )
    assert {str(home / "packages"), str(home.parent), str(home / "host-path")} <= set(place.reads)
    assert (place.generation, place.parent, place.idle_seconds) == (5, 42, 60.0)
    assert place.canary == str(home / "canary")
    assert modes(home)["canary"] == 0o644


def test_as_root_a_locked_host_has_a_user_of_its_own(prepared, home):
    assert prepared.place_for(spec(), 5, 42, set()).uid == users.FIRST + 5
    assert modes(home.parent)["home"] == 0o711
    trusted = prepared.place_for(spec(locked=False), 5, 42, set())
    assert (trusted.uid, trusted.uid_off) == (None, "trusted")


def test_a_package_that_others_can_not_reach_switches_the_layer_off(prepared, monkeypatch):
    def refuse(_paths):
        raise Closed("the package can't be read by other users")

    monkeypatch.setattr(places, "check_reachable", refuse)
    place = prepared.place_for(spec(), 5, 42, set())
    assert (place.uid, place.uid_off) == (None, "the package can't be read by other users")


def test_an_interpreter_that_others_can_not_reach_leaves_the_home_closed(home, monkeypatch):
    def refuse(_paths):
        raise Closed("the interpreter can't be entered by other users")

    monkeypatch.setattr(places, "check_passage", lambda *_: None)
    monkeypatch.setattr(places, "check_reachable", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    made = Places(home, 60.0)
    made.prepare()
    place = made.place_for(spec(), 5, 42, set())
    assert (place.uid, place.uid_off) == (None, "the interpreter can't be entered by other users")
    assert modes(home.parent)["home"] == 0o700


def test_an_ordinary_user_has_no_others_to_give(home, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    made = Places(home, 60.0)
    made.prepare()
    assert made.place_for(spec(), 5, 42, set()).uid_off == users.NOT_ROOT
