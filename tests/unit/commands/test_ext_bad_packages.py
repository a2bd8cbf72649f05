"""What is wrong with a package is told with extension and place, and nothing of it stays."""

import re

import pytest

from tests.support.life import CODE, files, zipped

INSTALL = 'return {"success": True, "message": "ready"}'


def _code(code):
    return files(code)


BAD = {
    "not JSON": ({**files(), "manifest.json": b"{"}, ["bad.gcx", "JSON"]),
    "no manifest": ({"extension.py": CODE.encode()}, ["bad.gcx", "manifest.json"]),
    "unknown key": (files(colour="red"), ["hello-world", "manifest.json", "colour"]),
    "bad version": (files(version="1.0"), ["bad.gcx", "version"]),
    "bad scope": (
        files(permissions=["read:minds"]),
        ["hello-world", "/permissions/0", "read:minds"],
    ),
    "no entry point": (
        files(entry_point="nowhere.py"),
        ["hello-world", "manifest.json /entry_point", "nowhere.py"],
    ),
    "two errors": (files(colour="red", size=1), ["/colour", "/size"]),
    "escaping entry": ({**files(), "../evil.py": b"1"}, ["bad.gcx", "../evil.py"]),
    "escaping icon": (
        files(icon="../icon.svg"),
        ["hello-world", "manifest.json /icon", "../icon.svg"],
    ),
    "core import": (
        _code("import geminicrm\n" + CODE),
        ["hello-world", "extension.py:1", "belongs to the core"],
    ),
    "raises at import": (
        _code(CODE + "\n\nraise RuntimeError('boom')\n"),
        ["hello-world", "'load'", "extension.py:", "RuntimeError: boom"],
    ),
    "dies at import": (
        _code("import os\nos._exit(3)\n" + CODE),
        ["hello-world", "'load'", "exit code 3"],
    ),
    "never returns at import": (
        _code("import time\ntime.sleep(600)\n" + CODE),
        ["hello-world", "'load'", "it was not ready within 10 s"],
    ),
    "install() raises": (
        _code(CODE.replace(INSTALL, "raise ValueError('no luck')")),
        ["hello-world", "'mount'", "extension.py:12 in install", "no luck"],
    ),
    "install() says no": (
        _code(CODE.replace(INSTALL, 'return {"success": False, "message": "no licence"}')),
        ["hello-world", "'mount'", "no licence"],
    ),
    "install() never returns": (
        _code(CODE.replace(INSTALL, "import threading; threading.Event().wait(5)")),
        ["hello-world", "'mount'", "no return within 2 s"],
    ),
}


@pytest.fixture
def install(terminal, tmp_path, monkeypatch):
    monkeypatch.setenv("GEMINICRM_EXTENSION_SECONDS", "2")

    def run(content):
        (tmp_path / "bad.gcx").write_bytes(content)
        return terminal("ext", "install", "bad.gcx", "--yes", "--unsigned")

    return run


@pytest.mark.parametrize("name", BAD)
def test_a_bad_package_is_refused_with_its_place(name, install, terminal, core):
    content, words = BAD[name]
    refused = install(zipped(content))
    assert (refused.code, refused.out) == (1, "")
    said = re.split("^Error: ", refused.err, flags=re.MULTILINE)[-1]
    assert [word for word in words if word not in said] == []
    assert "Traceback" not in said
    assert terminal("ext", "list", "--json").json() == {"data": []}
    packages = core.settings.home / "packages"
    assert [path.name for path in packages.glob("[!.]*")] == []


def test_what_is_no_zip_is_told(install):
    refused = install(b"hello")
    assert refused.code == 1
    assert "bad.gcx was not installed" in refused.err
    assert "not a zip" in refused.err


@pytest.mark.usefixtures("install", "tenant")
def test_an_id_that_comes_with_the_crm_is_taken(terminal, core):
    core.registry.offer(zipped(files()))
    path = core.settings.home.parent / "bad.gcx"
    path.write_bytes(zipped(files(description="Mine.")))
    words = ("ext", "install", "bad.gcx", "--yes", "--unsigned", "--workspace", "north")
    refused = terminal(*words)
    assert refused.code == 1
    assert "hello-world (bad.gcx) was not installed" in refused.err
    assert "GeminiCRM Pro" in refused.err


def test_a_changed_package_needs_a_new_version(install, terminal):
    assert install(zipped(files())).code == 0
    assert terminal("ext", "uninstall", "hello-world").code == 0
    refused = install(zipped(files(description="Changed.")))
    assert refused.code == 1
    assert "1.0.0" in refused.err
