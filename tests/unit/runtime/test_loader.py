import json
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from werkzeug.test import EnvironBuilder

from extensions.sdk.context import Context
from geminicrm.runtime.failures import LoadFailed
from geminicrm.runtime.host.loading import mounted_at
from geminicrm.runtime.live import LoadedVersion
from geminicrm.runtime.loader import load_version, unload
from geminicrm.runtime.probe import NullContext
from tests.support.sample_extensions import (
    HEAD,
    OLD_STYLE,
    QUIET,
    Package,
    with_method,
    with_routes,
    write_package,
)

Load = Callable[[Package], LoadedVersion]


@pytest.fixture
def load() -> Iterator[Load]:
    made: list[LoadedVersion] = []

    def load(package: Package) -> LoadedVersion:
        app = cast("Context", NullContext(package.manifest.id))
        made.append(load_version(package.folder, package.manifest, package.digest, app))
        return made[-1]

    yield load
    for version in made:
        unload(version)


def failure(load: Load, package: Package) -> LoadFailed:
    before = set(sys.modules), list(sys.meta_path)
    with pytest.raises(LoadFailed) as caught:
        load(package)
    assert not [name for name in set(sys.modules) - before[0] if name.startswith("extension_")]
    assert list(sys.meta_path) == before[1]
    return caught.value


@pytest.mark.parametrize(
    ("prefix", "place"),
    [
        (None, "/api/extensions/a-b"),
        ("", "/api/extensions/a-b"),
        ("/", "/api/extensions/a-b"),
        ("/api/extensions/a-b", "/api/extensions/a-b"),
        ("/api/extensions/a-b/v2/", "/api/extensions/a-b/v2"),
        ("/pets", "/api/extensions/a-b/pets"),
        ("/api/extensions/a-bc", "/api/extensions/a-b/api/extensions/a-bc"),
        ("/api/leads", "/api/extensions/a-b/api/leads"),
    ],
)
def test_routes_answer_only_below_the_extensions_own_path(prefix: str | None, place: str):
    assert mounted_at("a-b", prefix) == place


def test_a_version_has_routes_and_hooks(tmp_path: Path, load: Load):
    source = with_routes("@routes.get('/pets')\ndef pets():\n    return {'pets': []}")
    source += "    @hookimpl\n    def collect_badges(self, records):\n        return {}\n"
    version = load(write_package(tmp_path, source))

    assert [(route.rule, route.methods) for route in version.routes] == [
        ("/api/extensions/sample/pets", ("GET", "HEAD", "OPTIONS"))
    ]
    assert list(version.hooks) == ["collect_badges"]
    assert version.hooks["collect_badges"].call("lead", ["a record"]) == {}
    answer = version.answer(EnvironBuilder(path="/api/extensions/sample/pets").get_environ())
    assert (answer.status, json.loads(answer.body)) == ("200 OK", {"pets": []})


def test_code_in_the_oldest_style_answers_at_its_own_prefix(tmp_path: Path, load: Load):
    version = load(write_package(tmp_path, OLD_STYLE, id="old-style"))

    assert [route.rule for route in version.routes] == ["/api/extensions/old-style/hello"]


def test_an_extension_without_routes_answers_404(tmp_path: Path, load: Load):
    version = load(write_package(tmp_path, HEAD + QUIET))

    assert version.routes == ()
    answer = version.answer(EnvironBuilder(path="/api/extensions/sample").get_environ())
    assert answer.status == "404 NOT FOUND"


def test_two_versions_of_one_extension_live_at_once(tmp_path: Path, load: Load):
    source = HEAD + "from .words import WORD\nfrom .deep.more import MORE\n" + QUIET
    files = {"words.py": "WORD = 'one'", "deep/more.py": "MORE = 1"}
    old = load(write_package(tmp_path, source, files))
    new = load(write_package(tmp_path, source, {**files, "words.py": "WORD = 'two'"}))

    words = [sys.modules[f"{version.package}.words"].WORD for version in (old, new)]
    assert words == ["one", "two"]


def test_one_version_can_be_loaded_twice_and_unloaded_apart(tmp_path: Path, load: Load):
    package = write_package(tmp_path, HEAD + QUIET)
    first, second = load(package), load(package)

    unload(first)

    assert first.package not in sys.modules
    assert f"{first.package}.extension" not in sys.modules
    assert f"{second.package}.extension" in sys.modules


def test_compiled_code_in_the_folder_is_not_used_and_none_is_written(tmp_path: Path, load: Load):
    package = write_package(tmp_path, HEAD + QUIET, {"hidden.pyc": "x", "deep/x.txt": "x"})
    load(package)

    assert not list(package.folder.rglob("__pycache__"))


def test_absolute_imports_of_siblings_fail_and_say_where(tmp_path: Path, load: Load):
    source = HEAD + "import words\n" + QUIET
    error = failure(load, write_package(tmp_path, source, {"words.py": ""}))

    assert error.where == "extension.py:7 in <module>"
    assert "No module named 'words'" in error.reason


@pytest.mark.parametrize(
    ("source", "doing", "where", "reason"),
    [
        ("x = 1\nraise ValueError('no luck')", "import", "extension.py:2", "ValueError: no luck"),
        ("def x(:\n", "import", "extension.py:1", "SyntaxError"),
        ("from .missing import x", "import", "extension.py:1", "ModuleNotFoundError"),
        ("import sys\nsys.exit(3)", "import", "extension.py:2", "SystemExit: 3"),
        ("raise KeyboardInterrupt", "import", "extension.py:1", "KeyboardInterrupt"),
        ("x = 1", "import", "extension.py", "one class derived from ExtensionBase; 0 found"),
        (
            HEAD + QUIET + QUIET.replace("Sample", "Other"),
            "import",
            "extension.py",
            "one class derived from ExtensionBase; 2 found",
        ),
        (
            HEAD + "class Sample(ExtensionBase):\n    def install(self): ...",
            "import",
            "extension.py",
            "the class Sample lacks: get_routes, uninstall",
        ),
        (
            with_method("def __init__(self, app):\n    app.leads.list()"),
            "__init__()",
            "extension.py:19 in __init__",
            "self.app finds its workspace from the current call",
        ),
        (
            with_method("@hookimpl\ndef collect_badge(self):\n    return None"),
            "the check of its hooks",
            "",
            "unknown hook 'collect_badge'",
        ),
        (
            with_method("@hookimpl\ndef collect_badges(self, people):\n    return None"),
            "the check of its hooks",
            "",
            "people",
        ),
        (
            with_method("@hookimpl(wrapper=True)\ndef collect_widget(self):\n    yield"),
            "the check of its hooks",
            "",
            "can't wrap the hooks of others",
        ),
        (
            with_method("def get_routes(self):\n    return 'routes'"),
            "get_routes()",
            "extension.py",
            "must return a flask.Blueprint or None, not str",
        ),
        (
            with_method("def get_routes(self):\n    return self.app.settings['x']"),
            "get_routes()",
            "extension.py:19 in get_routes",
            "NoCall",
        ),
    ],
)  # fmt: skip
def test_a_failure_names_the_extension_and_the_place(
    tmp_path: Path, load: Load, source: str, doing: str, where: str, reason: str
):
    caught: list[LoadFailed] = []
    package = write_package(tmp_path, source)
    thread = threading.Thread(target=lambda: caught.append(failure(load, package)))
    thread.start()
    thread.join()
    (error,) = caught

    assert error.extension_id == "sample"
    assert error.doing == doing
    assert error.where.startswith(where)
    assert reason in error.reason
    assert error.detail == str(error)


def test_a_base_class_of_its_own_is_no_extension(tmp_path: Path, load: Load):
    source = HEAD + QUIET + "class Special(Sample):\n    pass\n"
    version = load(write_package(tmp_path, source))

    assert type(version.extension).__name__ == "Special"


def test_ctrl_c_of_the_operator_is_not_the_extensions_failure(tmp_path: Path, load: Load):
    with pytest.raises(KeyboardInterrupt):
        load(write_package(tmp_path, "raise KeyboardInterrupt"))
