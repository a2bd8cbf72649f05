"""Modules are compiled once, by a process that may fail."""

from pathlib import Path

import pytest

from geminicrm.runtime.requirements.bytecode import WORTH_BYTES, compile_modules
from geminicrm.runtime.requirements.cache import WheelCache, digest_of
from geminicrm.runtime.requirements.folder import make_set
from geminicrm.runtime.requirements.where import wheels_folder
from tests.support.wheels import put_wheel

LARGE = "# why\n" * (WORTH_BYTES // 6) + "VALUE = __file__\n"


def test_what_is_large_is_compiled_and_shared(tmp_path):
    cache = WheelCache(wheels_folder(tmp_path))
    paths = [
        put_wheel(tmp_path / "in", name, files={"shared/__init__.py": LARGE, f"{name}.py": ""})
        for name in ("one", "two")
    ]
    for path in paths:
        cache.add(path, digest_of(path))
    folder = make_set(tmp_path, cache, [digest_of(path) for path in paths])
    [compiled] = folder.glob("shared/__pycache__/*.pyc")
    assert compiled.stat().st_mode & 0o777 == 0o444
    assert str(tmp_path).encode() not in compiled.read_bytes()
    assert len(list(folder.glob("__pycache__/*.pyc"))) == 2


def test_what_is_small_is_not_worth_it(tmp_path):
    (tmp_path / "small.py").write_text("x = 1\n")
    assert compile_modules(tmp_path) == []


@pytest.mark.parametrize("source", ["(" * 5_000, "x = \0", "a" + ".b" * 50_000])
def test_what_can_not_be_compiled_is_left(tmp_path, source):
    (tmp_path / "large.py").write_text(LARGE)
    (tmp_path / "odd.py").write_text(source)
    assert [path.name.partition(".")[0] for path in compile_modules(tmp_path)] == ["large"]


def test_a_home_may_be_named_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "large.py").write_text(LARGE)
    assert len(compile_modules(Path())) == 1


def test_nobody_waits_for_ever(tmp_path):
    (tmp_path / "large.py").write_text(LARGE)
    assert compile_modules(tmp_path, 0) == []
