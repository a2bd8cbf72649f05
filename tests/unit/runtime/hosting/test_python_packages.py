"""Extensions in real hosts, with Python packages of their own."""

import shutil
from importlib import metadata

import pytest

from geminicrm.app import build_core, create_app
from geminicrm.runtime.consent import InstallRequest
from tests.support.core import make_settings
from tests.support.life import files, zipped
from tests.support.wheels import hash_of, put_wheel

CODE = """
import importlib
import sys

from flask import Blueprint, request
from extensions.extension_base import ExtensionBase


class Sample(ExtensionBase):
    def install(self):
        return None

    def uninstall(self):
        return None

    def get_routes(self):
        routes = Blueprint("sample", __name__)

        @routes.get("/module/<name>")
        def module(name):
            found = importlib.import_module(name)
            return {"version": getattr(found, "VERSION", ""), "file": found.__file__}

        @routes.get("/orjson")
        def fast():
            return {"said": importlib.import_module("orjson").dumps([1, 2]).decode()}

        @routes.get("/write/<name>")
        def write(name):
            try:
                open(importlib.import_module(name).__file__, "a")
            except OSError as error:
                return {"refused": type(error).__name__}
            return {"refused": ""}

        return routes
"""


class Installed:
    """Third-party extensions in a workspace, and what their routes answer."""

    def __init__(self, core, tenant, client):
        self.core = core
        self._tenant = tenant
        self._client = client

    def add(self, extension_id, wheel):
        name, _, _ = wheel.name.partition("-")
        content = files(CODE, id=extension_id, requires={"python": [name]})
        package = zipped({**content, f"wheels/{wheel.name}": wheel.read_bytes()})
        self.core.registry.publish(self._tenant.owner(), package)
        request = InstallRequest(
            extension_id=extension_id,
            grant="requested",
            trust=extension_id,
            allow_unsigned=True,
        )
        return self.core.life_cycle.install(self._tenant.owner(), request).installation

    def get(self, extension_id, path):
        answer = self._client.get(
            f"/api/extensions/{extension_id}/{path}", headers=self._tenant.headers()
        )
        assert answer.status_code == 200, answer.text
        return answer.json


@pytest.fixture
def installed(core, tenant, client):
    return Installed(core, tenant, client)


def wheel_of_our_own(folder, name):
    """Make a wheel of a package of this environment, compiled modules and all."""
    found = metadata.distribution(name)
    inner = [file for file in found.files if ".." not in file.parts and file.parts[0] == name]
    code = {str(file): file.locate().read_bytes() for file in inner if file.suffix != ".pyc"}
    _, _, tags = found.read_text("WHEEL").partition("Tag: ")
    return put_wheel(folder, name, found.version, code, tag=tags.split()[0])


def test_two_extensions_have_two_versions_of_one_library(installed, tmp_path):
    shown = installed.add("old-one", put_wheel(tmp_path / "in", version="1.0"))
    installed.add("new-one", put_wheel(tmp_path / "in", version="2.0"))
    assert shown["isolation"] == "sandboxed"
    old, new = installed.get("old-one", "module/tiny"), installed.get("new-one", "module/tiny")
    assert (old["version"], new["version"]) == ("1.0", "2.0")
    assert old["file"].startswith(str(installed.core.settings.home / "requirements"))
    assert installed.get("old-one", "write/tiny") == {"refused": "PermissionError"}


def test_a_package_with_native_code_works_inside(installed, tmp_path):
    installed.add("fast-one", wheel_of_our_own(tmp_path / "in", "orjson"))
    assert installed.get("fast-one", "orjson") == {"said": "[1,2]"}


@pytest.fixture
def elsewhere(installed, tmp_path):
    """Give a maker of a core on another machine: it has the packages and what the database says."""
    made = []

    def make():
        installed.core.close()
        shutil.copytree(tmp_path / "home/packages", tmp_path / "other/packages")
        shutil.copy(tmp_path / "home/geminicrm.db", tmp_path / "other")
        made.append(build_core(make_settings(tmp_path / "other")))
        return made[0]

    yield make
    made[0].close()


def test_what_is_missing_is_made_when_a_host_starts(installed, tenant, elsewhere, tmp_path):
    wheel = put_wheel(tmp_path / "in")
    installed.add("one", wheel)
    other = elsewhere()
    again = Installed(other, tenant, create_app(core=other).test_client())
    assert again.get("one", "module/tiny")["file"].startswith(str(tmp_path / "other"))
    assert (tmp_path / "other/wheels" / hash_of(wheel)).is_dir()
