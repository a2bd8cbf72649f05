"""An extension in the minimal form that is documented installs and answers, unchanged."""

import io
import json

import pytest

from tests.support.life import zipped

ROOT = "/api/extensions/my-extension"
MANIFEST = {
    "id": "my-extension",
    "name": "My Extension",
    "version": "1.0.0",
    "description": "Description of the extension",
    "author": "Your Name",
    "license": "MIT",
    "permissions": ["read:leads", "write:leads", "read:contacts"],
    "entry_point": "extension.py",
    "icon": "icon.png",
    "settings": [
        {
            "id": "api_key",
            "type": "password",
            "label": "API Key",
            "description": "Your API key for the service",
        }
    ],
}
EXTENSION = """from extensions.extension_base import ExtensionBase
from flask import Blueprint, jsonify


class MyExtension(ExtensionBase):
    def __init__(self, app):
        self.app = app
        self.blueprint = Blueprint(
            "my_extension", __name__, url_prefix="/api/extensions/my-extension"
        )
        self.setup_routes()

    def install(self):
        print("Installing My Extension")
        return {"success": True, "message": "Extension installed successfully"}

    def uninstall(self):
        print("Uninstalling My Extension")
        return {"success": True, "message": "Extension uninstalled successfully"}

    def get_routes(self):
        return self.blueprint

    def setup_routes(self):
        @self.blueprint.route("/hello", methods=["GET"])
        def hello():
            return jsonify({"message": "Hello from My Extension!"})

        @self.blueprint.route("/config", methods=["GET", "POST"])
        def config():
            return jsonify({"names": sorted(self.get_config())})
"""
WITH_ROUTES = """from extensions.extension_base import ExtensionBase

from .routes import bp


class MyExtension(ExtensionBase):
    def install(self):
        print("Installing")
        return {"success": True, "message": "installed"}

    def uninstall(self):
        return {"success": True, "message": "uninstalled"}

    def get_routes(self):
        return bp
"""
ROUTES = """from flask import Blueprint, jsonify

bp = Blueprint("my_extension", __name__, url_prefix="/api/extensions/my-extension")


@bp.route("/hello", methods=["GET"])
def hello():
    return jsonify({"message": "Hello from My Extension!"})
"""


def _package(**files):
    return zipped(
        {
            "my_extension/manifest.json": json.dumps(MANIFEST).encode(),
            "my_extension/__init__.py": b"",
            **{f"my_extension/{name}.py": text.encode() for name, text in files.items()},
        }
    )


@pytest.fixture(params=["one file", "routes beside it"])
def package(request):
    """Both forms that authors write."""
    forms = {
        "one file": _package(extension=EXTENSION),
        "routes beside it": _package(extension=WITH_ROUTES, routes=ROUTES),
    }
    return forms[request.param]


def _hello(client, tenant):
    answer = client.get(f"{ROOT}/hello", headers=tenant.headers())
    return answer.status_code, answer.get_json().get("message")


GREETING = (200, "Hello from My Extension!")


@pytest.mark.journey
def test_it_installs_from_the_command_line(package, terminal, tmp_path, core, client, tenant):
    (tmp_path / "my-extension.zip").write_bytes(package)
    done = terminal("ext", "install", "my-extension.zip", "--yes", "--unsigned")
    assert done.code == 0, done.err
    assert "my-extension 1.0.0 is installed" in done.out
    assert "icon" in done.err
    core.runtime.reconcile()
    assert _hello(client, tenant) == GREETING
    assert terminal("ext", "uninstall", "my-extension").code == 0
    core.runtime.reconcile()
    assert _hello(client, tenant)[0] == 404


@pytest.mark.journey
def test_it_installs_through_rest(package, core, client, tenant, confining):
    form = {"package": (io.BytesIO(package), "my-extension.zip")}
    published = client.post("/api/marketplace/extensions", data=form, headers=tenant.headers())
    assert published.status_code == 201
    wish = {"extension_id": "my-extension", "grant": "requested", "allow_unsigned": True}
    installed = client.post("/api/installations", json=wish, headers=tenant.headers())
    assert installed.status_code == 201
    assert installed.get_json()["isolation"] == "sandboxed"
    assert installed.get_json()["granted"] == ["read:contacts", "read:leads", "write:leads"]
    core.runtime.reconcile()
    assert _hello(client, tenant) == GREETING


@pytest.mark.journey
def test_it_reads_its_configuration(core, client, tenant, terminal, tmp_path):
    (tmp_path / "my-extension.zip").write_bytes(_package(extension=EXTENSION))
    assert terminal("ext", "install", "my-extension.zip", "--yes", "--unsigned").code == 0
    settings = {"settings": {"api_key": "a secret"}}
    saved = client.patch("/api/installations/my-extension", json=settings, headers=tenant.headers())
    assert saved.status_code == 200
    core.runtime.reconcile()
    answer = client.get(f"{ROOT}/config", headers=tenant.headers())
    assert answer.get_json() == {"names": ["api_key"]}
